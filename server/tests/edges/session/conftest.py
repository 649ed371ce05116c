"""A real Chromium, the system's own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

# Far beyond what anything takes, so that a busy machine fails no test.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The browser, for the tests of one module."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("These tests need Chromium: scripts/ensure_chromium.sh installs it.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def complaints() -> list[str]:
    """What the browser complained about: scripts and files that a policy has stopped, errors in scripts."""
    return []


@pytest.fixture
async def tab(chromium: Browser, complaints: list[str]) -> AsyncIterator[Page]:
    """A fresh tab of a fresh profile."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
