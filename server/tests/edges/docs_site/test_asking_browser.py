"""Search, votes and the contact form in a real Chromium: with the script, without it, by keyboard, for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.desk import Desk
from tests.edges.docs_site.asking import conversations_of, with_form
from tests.edges.docs_site.center import Center, open_center, path_of
from tests.edges.docs_site.page_checks import check_pages
from tests.edges.docs_site.test_votes import votes
from tests.edges.session.conftest import complaints, tab

__all__ = ["complaints", "tab"]
pytestmark = pytest.mark.anyio


@pytest.fixture
async def library(module_desk: Desk) -> Center:
    """A site with a form and some articles."""
    center = await open_center(module_desk)
    await with_form(center)
    for name in ("Refunds", "Refunds for returns", "Shipping", "Paying by card"):
        await center.article(name, f"<p>All about {name.lower()} and refunds.</p>", status="published")
    return center


@pytest.fixture
async def plain(chromium: Browser) -> AsyncIterator[Page]:
    """A tab that runs no script."""
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    yield page
    await context.close()


async def article_of(center: Center, number: int = 0) -> dict[str, Any]:
    listed = await center.get(f"/v1/collections/{center.collection['id']}/articles?sort=number&order=asc")
    article: dict[str, Any] = listed["articles"]["items"][number]
    return article


async def test_pages_are_right_and_can_be_used_by_everybody(library: Center, chromium: Browser) -> None:
    article = path_of(await article_of(library))
    await check_pages(
        chromium,
        library,
        [
            "/search?query=refunds",
            "/search?query=refnuds",
            "/search?query=zebra",
            "/search",
            "/contact",
            "/contact/sent",
            article,
            f"{article}/vote?helpful=no",
        ],
    )


async def test_suggestions_are_chosen_with_the_keyboard(library: Center, tab: Page, complaints: list[str]) -> None:
    await tab.goto(library.address)
    await tab.keyboard.press("/")
    field = tab.get_by_role("combobox", name="Search the help center")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("")
    await expect(field).to_have_attribute("aria-expanded", "false")

    await tab.keyboard.type("refun")
    await expect(field).to_have_attribute("aria-expanded", "true")
    options = tab.get_by_role("option")
    await expect(options).to_have_count(5)
    await expect(tab.locator(".search [role=status]")).to_have_text("4 results")
    await expect(options.first.locator("mark")).to_have_text("Refunds")
    await tab.keyboard.press("ArrowDown")
    chosen = await field.get_attribute("aria-activedescendant")
    assert await options.first.get_attribute("id") == chosen
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await tab.keyboard.press("ArrowUp")
    await expect(field).not_to_have_attribute("aria-activedescendant", chosen or "")
    await tab.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")

    await tab.keyboard.press("Escape")
    await expect(field).to_have_attribute("aria-expanded", "false")
    await expect(field).to_have_value("refun")
    await tab.keyboard.press("ArrowDown")
    address = await options.first.get_attribute("href")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(f"**{address}")
    assert complaints == []


async def test_enter_without_a_choice_searches(library: Center, tab: Page) -> None:
    await tab.goto(library.address)
    field = tab.get_by_role("combobox")
    await field.fill("refunds")
    await expect(tab.get_by_role("option").first).to_be_visible()
    await field.press("Enter")
    await tab.wait_for_url("**/search?query=refunds")
    await expect(tab.get_by_role("heading", name="Search results for “refunds”")).to_be_visible()


async def test_suggestions_push_nothing_aside(library: Center, tab: Page) -> None:
    await tab.goto(library.address)
    heading = tab.get_by_role("heading", name="Popular articles")
    before = await heading.bounding_box()
    await tab.get_by_role("combobox").fill("refunds")
    await expect(tab.get_by_role("option").first).to_be_visible()
    assert await heading.bounding_box() == before
    await tab.mouse.click(5, 5)
    await expect(tab.get_by_role("option").first).to_be_hidden()


async def test_when_suggestions_fail_the_plain_form_is_left(library: Center, tab: Page) -> None:
    asked: list[str] = []

    async def fail(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=500, body="{}")

    await tab.route("**/search/suggest**", fail)
    await tab.goto(library.address)
    field = tab.get_by_role("combobox")
    async with tab.expect_response("**/search/suggest**"):
        await field.fill("refunds")
    await expect(field).to_have_attribute("aria-expanded", "false")
    await field.press("Enter")
    await tab.wait_for_url("**/search?query=refunds")
    assert len(asked) == 1


async def test_a_late_answer_does_not_replace_a_newer_one(library: Center, tab: Page) -> None:
    held: list[Any] = []

    async def hold(route: Any) -> None:
        if route.request.url.endswith("query=ship"):
            held.append(route)
        else:
            await route.continue_()

    await tab.route("**/search/suggest**", hold)
    await tab.goto(library.address)
    field = tab.get_by_role("combobox")
    async with tab.expect_request("**query=ship"):
        await field.fill("ship")
    await field.fill("paying")
    await expect(tab.get_by_role("option").first).to_contain_text("Paying by card")
    for route in held:
        # The browser may have given it up already.
        await route.abort()
    await expect(tab.get_by_role("option").first).to_contain_text("Paying by card")


async def test_a_vote_is_counted_in_place_and_can_be_changed(library: Center, tab: Page) -> None:
    article = await article_of(library)
    await tab.goto(library.address + path_of(article))
    address = tab.url
    no, yes = tab.get_by_role("button", name="No", exact=True), tab.get_by_role("button", name="Yes", exact=True)
    await no.click()
    await expect(tab.get_by_text("We are sorry that it did not help.")).to_be_visible()
    await expect(no).to_have_attribute("aria-pressed", "true")
    assert await votes(library, article) == (0, 1)
    await yes.click()
    await expect(tab.get_by_text("We are glad that it helped.")).to_be_visible()
    await expect(no).to_have_attribute("aria-pressed", "false")
    assert await votes(library, article) == (1, 0)
    assert tab.url == address


async def test_without_a_script_search_vote_and_form_work(library: Center, plain: Page) -> None:
    article = await article_of(library)
    await plain.goto(library.address)
    await plain.get_by_label("Search the help center").fill("refunds for returns")
    await plain.get_by_role("button", name="Search").click()
    await plain.get_by_role("link", name="Refunds for returns").first.click()
    await plain.goto(library.address + path_of(article))
    await plain.get_by_role("button", name="No", exact=True).click()
    await expect(plain.get_by_role("heading", name="Thank you for your feedback")).to_be_visible()
    assert await votes(library, article) == (0, 1)
    await plain.get_by_role("link", name="Write to us").click()
    await expect(plain.get_by_role("heading", name="How can we help?")).to_be_visible()


async def test_a_message_is_written_mended_and_sent(library: Center, tab: Page, module_desk: Desk) -> None:
    await tab.goto(library.address + "/contact")
    await tab.get_by_label("Your name").fill("Jane Smith")
    await tab.get_by_label("Your e-mail address").fill("jane@example")
    await tab.get_by_label("Subject").fill("A refund for something strange")
    panel = tab.get_by_role("complementary", name="These articles may help")
    await expect(panel.get_by_role("link").first).to_contain_text("Refunds")
    await tab.get_by_label("Message").fill("Hello,\n\nwhere is it?")
    await tab.get_by_label("Files").set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": b"Hi"})
    await expect(tab.get_by_text("note.txt")).to_be_visible()
    await tab.get_by_role("button", name="Send message").click()

    alert = tab.get_by_role("alert")
    await expect(alert).to_contain_text("The message has not been sent yet")
    await expect(alert).to_be_focused()
    await expect(tab.get_by_label("Message")).to_have_value("Hello,\n\nwhere is it?")
    await alert.get_by_role("link", name="This does not look like an e-mail address").click()
    field = tab.get_by_label("Your e-mail address")
    await expect(field).to_be_focused()
    await field.fill("jane@example.org")
    # Until the form is old enough to have been read by somebody.
    sent = tab.get_by_role("heading", name="Thank you, your message has arrived")
    while not await sent.is_visible():
        await tab.get_by_role("button", name="Send message").click()
        await expect(sent.or_(alert)).to_be_visible()
    [made] = await conversations_of(library)
    assert made["_embedded"]["threads"][0]["body"] == "<p>Hello,</p><p>where is it?</p>"


async def test_files_that_are_too_large_are_told_before_they_are_sent(library: Center, tab: Page) -> None:
    await tab.goto(library.address + "/contact")
    files = [{"name": f"{number}.txt", "mimeType": "text/plain", "buffer": b"Hi"} for number in range(4)]
    await tab.get_by_label("Files").set_input_files(files)  # type: ignore[arg-type]
    await expect(tab.locator("#files-told")).to_have_text("Up to 3 files of 10 MB each.")
    assert await tab.get_by_label("Files").evaluate("field => field.validity.customError")


async def test_hostile_titles_run_nothing_in_suggestions(library: Center, tab: Page, complaints: list[str]) -> None:
    for name in (
        '<img src=x onerror="alert(1)"> wombat',
        "</mark><script>alert(1)</script> wombat",
        "wombat &lt;b&gt;",
    ):
        await library.article(name, status="published")
    tab.on("dialog", lambda dialog: complaints.append(dialog.message))
    await tab.goto(library.address)
    await tab.get_by_role("combobox").fill("wombat")
    await expect(tab.get_by_role("option").first).to_be_visible()
    await expect(tab.locator(".suggestions img, .suggestions script, .suggestions b")).to_have_count(0)
    await expect(tab.get_by_role("option", name="wombat &lt;b&gt;")).to_have_count(1)
    await tab.goto(library.address + "/search?query=wombat")
    await expect(tab.locator(".results img, .results script, .results b")).to_have_count(0)
    assert complaints == []
