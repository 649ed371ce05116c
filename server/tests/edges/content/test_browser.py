"""The pages in a real Chromium: what a reader sees and does, on a phone too, and what the browser fetches."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.desk import Desk, running_desk
from tests.edges.content.messages import PNG, Part, received, view_of
from tests.edges.content.test_pictures import answer
from tests.edges.content.test_ratings import ask
from tests.edges.inbox_v2.office import open_office
from tests.hooks import OPEN
from tests.receiver import receiving

pytestmark = pytest.mark.anyio

MESSAGE = """<p>Hi, the <b>export</b> fails, see <a href="{there}/ok.png">the page</a>.</p>
<p><img src="cid:pic@x" alt="Screen"> <img src="{there}/ok.png" alt="Logo"></p>
<div style="position:fixed;top:0;left:0;width:2000px;height:2000px;background:url({there}/style.png)">Over</div>
<table width="900"><tr><td>wide</td></tr></table>
<div class="gmail_quote"><div class="gmail_attr">On Mon, 15 Jan 2024 at 09:30, Anna &lt;a@example.com&gt; wrote:
<br></div><blockquote class="gmail_quote">Quoted words</blockquote></div>"""


@pytest.fixture(scope="module")
async def open_desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that may fetch from the test's own server."""
    async with running_desk(module_database_url, tmp_path_factory.mktemp("desk"), **OPEN) as running:
        yield running


COLOURS = "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))"


async def test_a_rating_is_given_with_the_keyboard(open_desk: Desk, tab: Page, complaints: list[str]) -> None:
    asked = await ask(open_desk)
    await tab.goto(asked.links.okay)
    group = tab.get_by_role("group", name=f"How was the answer from {asked.office.account.owner.first_name}?")
    await expect(group.get_by_role("radio", name="Okay")).to_be_checked()

    await group.get_by_role("radio", name="Okay").focus()
    await tab.keyboard.press("ArrowRight")
    await tab.keyboard.press("Tab")
    await tab.keyboard.type("Slow")
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")

    await expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert (await asked.rating() or {})["rating"] == "not_good"
    await tab.get_by_role("link", name="Change my rating").click()
    await expect(tab.get_by_role("radio", name="Not good")).to_be_checked()
    await expect(tab.get_by_label("Anything to add?")).to_have_value("Slow")
    assert complaints == []


async def test_without_a_grade_the_browser_asks_for_one(open_desk: Desk, tab: Page) -> None:
    asked = await ask(open_desk)
    await tab.goto(asked.page)
    await tab.get_by_role("button", name="Send my rating").click()

    await expect(tab.get_by_role("heading", name="Thank you")).to_have_count(0)
    assert await asked.rating() is None


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_fit_and_can_be_read(open_desk: Desk, chromium: Browser, width: int, scheme: str) -> None:
    asked = await ask(open_desk)
    thread = await received(asked.office, MESSAGE.format(there="https://t.example"))
    context = await chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    for url in (asked.links.great, asked.page + "x", view_of(thread)):
        await page.goto(url)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, url
        colours = await page.evaluate(
            "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
        )
        assert contrast(*colours) >= 7, (url, colours)
    await context.close()


def contrast(text: str, paper: str) -> float:
    """The ratio of WCAG 2.2 between two `rgb(…)` colours."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(text), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


async def test_a_message_asks_nothing_of_others_until_pictures_are_wanted_and_then_through_the_desk(
    open_desk: Desk, tab: Page
) -> None:
    office = await open_office(open_desk)
    fetched: list[str] = []
    tab.on("request", lambda request: fetched.append(request.url))
    async with receiving(answer) as elsewhere:
        there = f"http://127.0.0.1:{elsewhere.port}"
        html = MESSAGE.format(there=there)
        thread = await received(office, html, Part(PNG, "image/png", "a.png", "pic@x"))
        await tab.goto(view_of(thread), wait_until="networkidle")

        assert elsewhere.requests == []
        assert len(fetched) == 2
        assert all(url.startswith(f"{open_desk.base_url}/content/") for url in fetched)
        assert await tab.evaluate("document.images[0].naturalWidth") == 1
        await expect(tab.get_by_text("1 picture from elsewhere is not shown")).to_be_visible()

        await tab.get_by_role("link", name="Show pictures").click()
        await tab.wait_for_url("**?images=on", wait_until="networkidle")

        assert [request.headers["user-agent"] for request in elsewhere.requests] == ["Waypost"]
        assert all(url.startswith(f"{open_desk.base_url}/content/") for url in fetched)
        assert await tab.evaluate("document.images[1].naturalWidth") == 1


async def test_quotes_open_by_a_click_and_nothing_lies_over_the_page(open_desk: Desk, tab: Page) -> None:
    office = await open_office(open_desk)
    thread = await received(office, MESSAGE.format(there="https://t.example"))
    await tab.goto(view_of(thread))
    await expect(tab.get_by_text("Quoted words")).to_be_hidden()
    await tab.get_by_text("Quoted text").click()
    await expect(tab.get_by_text("Quoted words")).to_be_visible()

    assert await tab.get_by_text("Over").evaluate("each => getComputedStyle(each).position") == "static"
    top = "(window.scrollTo(0, 0), document.elementFromPoint(40, 30).className)"
    assert await tab.evaluate(top) == "bar"


async def test_in_a_frame_of_the_desk_a_message_is_shown_and_its_links_open_windows(open_desk: Desk, tab: Page) -> None:
    office = await open_office(open_desk)
    thread = await received(office, '<p><a href="https://t.example/page">out</a></p>')
    frame = f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="{view_of(thread)}"></iframe>'
    own, other = f"{open_desk.base_url}/frame-of-ours", "https://evil.example/"
    for place in (own, other, "https://t.example/**"):
        await tab.context.route(place, lambda route: route.fulfill(content_type="text/html", body=frame))
    await tab.goto(own)
    link = tab.frame_locator("iframe").get_by_role("link", name="out")
    async with tab.expect_popup() as opened:
        await link.click()
    popup = await opened.value
    await popup.wait_for_load_state("domcontentloaded")
    assert await popup.evaluate("[window.opener, document.referrer]") == [None, ""]

    await tab.goto(other)
    await expect(tab.frame_locator("iframe").get_by_role("link", name="out")).to_have_count(0)
