"""What every page of a help center must be, whoever makes it: right HTML, and usable by everybody.

    async def test_my_pages_are_right(center: Center, chromium: Browser) -> None:
        await check_pages(chromium, center, ["/search?query=refunds", "/contact"])

`check_markup` holds the HTML of pages against the standard (html-validate), `check_use` opens each page in Chromium, in
light and dark, on a desk's screen and on a phone: axe finds nothing, nothing is wider than 320 pixels, the browser has
nothing to complain about, and the first key that is pressed leads past the navigation.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Page

from tests.edges.docs_site.center import Center

WEB = Path(__file__).parents[4] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
VALIDATOR = WEB / "scripts" / "validate-html.js"
PATIENCE_MS = 60_000
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}
NARROWEST = 320


async def check_pages(
    browser: Browser, center: Center, paths: Iterable[str], *, cookies: Mapping[str, str] | None = None
) -> None:
    """Everything about these pages of a site; `cookies` are those of somebody who is signed in."""
    wanted = list(paths)
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())} if cookies else {}
    answers = [await center.visitor.get(path, headers=sent) for path in wanted]
    await check_markup({path: answer.text for path, answer in zip(wanted, answers, strict=True)})
    await check_use(browser, center.address, wanted, cookies=cookies)


async def check_markup(pages: Mapping[str, str]) -> None:
    """The HTML of whole pages, by their names, is right."""
    sent = json.dumps([{"name": name, "html": html} for name, html in pages.items()])
    process = await asyncio.create_subprocess_exec(
        "node", str(VALIDATOR), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=os.environ.copy()
    )
    out, _ = await process.communicate(sent.encode())
    assert process.returncode == 0
    found = [f"{one['name']}:{one['line']}: {one['rule']}: {one['message']}" for one in json.loads(out)]
    assert not found, "\n".join(found[:40])


async def check_use(
    browser: Browser, address: str, paths: Iterable[str], *, cookies: Mapping[str, str] | None = None
) -> None:
    """Each page can be used by everybody, in light and dark, on large and small screens."""
    source = AXE.read_text(encoding="utf-8")
    wanted = list(paths)
    for scheme in SCHEMES:
        for screen, (width, height) in SCREENS.items():
            context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            context.set_default_timeout(PATIENCE_MS)
            await _bring(context, address, cookies)
            page = await context.new_page()
            complaints = _complaints_of(page)
            for path in wanted:
                await page.goto(address + path)
                where = f"{path} in {scheme} on a {screen}"
                await page.evaluate(source)
                report = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                assert not report["violations"], f"{where}: {_told(report['violations'])}"
                assert not [text for text in complaints if "404" not in text], (where, complaints)
            if screen == "phone":
                for path in wanted:
                    await _check_narrow(page, address + path)
            await context.close()


async def _check_narrow(page: Page, address: str) -> None:
    await page.set_viewport_size({"width": NARROWEST, "height": 640})
    await page.goto(address)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROWEST, f"{address} is {wide} wide"
    await page.keyboard.press("Tab")
    focused = await page.evaluate("document.activeElement.getAttribute('href')")
    assert focused == "#content", f"{address}: the first key leads to {focused}"


async def _bring(context: BrowserContext, address: str, cookies: Mapping[str, str] | None) -> None:
    if cookies:
        await context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])


def _complaints_of(page: Page) -> list[str]:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def _told(violations: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"{one['id']}: {one['help']}: " + " | ".join(node["html"][:200] for node in one["nodes"][:5])
        for one in violations
    )
