"""Attack 5: styles that lay a message over the page around it, or tell its reader's secrets to others, in Chromium:
whatever a mail asks for, its boxes stay where they are put, and nothing is fetched."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.desk import Desk
from tests.edges.content.messages import received, view_of
from tests.edges.inbox_v2.office import open_office
from tests.edges.session.conftest import chromium

__all__ = ["chromium"]

pytestmark = pytest.mark.anyio

STYLES = [
    "position:fixed;inset:0;z-index:99999;background:red",
    "position:absolute;top:0;left:0;width:100vw;height:100vh",
    "POSITION : STICKY ; top:0",
    "position:fi/**/xed;top:0",
    "p\\6fsition:fixed;top:0",
    "margin-top:-500px",
    "margin:-1e3px 0 0 -1e3px",
    "transform:translateY(-500px)",
    "translate:0 -500px",
    "top:-500px;position:relative",
    "float:left;margin-left:-9999px",
    "background:url(https://t.example/1.gif)",
    "background-image:image-set('https://t.example/2.gif' 1x)",
    "list-style:url(https://t.example/3.gif)",
    "border-image:url(https://t.example/4.gif) 1",
    "cursor:url(https://t.example/5.cur),auto",
    "content:url(https://t.example/6.gif)",
    "font-family:x;src:url(https://t.example/7.woff)",
    "background:\\75rl(https://t.example/8.gif)",
    "color:red;}</style><style>@import 'https://t.example/9.css';",
    "mask:url(https://t.example/10.svg#m);filter:url(https://t.example/11.svg#f)",
    "animation:x 1s;transition:all 1s;opacity:0",
    "width:expression(alert(1));behavior:url(https://t.example/12.htc)",
]
SHEETS = """<style>@import url(https://t.example/a.css); body{background:url(https://t.example/b.gif)}
input[value^=a]{background:url(https://t.example/c.gif)} .message{position:fixed}</style>
<link rel=stylesheet href=https://t.example/d.css><link rel=prefetch href=https://t.example/e>
<link rel=dns-prefetch href=//t.example><meta http-equiv=refresh content="0;url=https://t.example/f">
<base href=https://t.example/><body background=https://t.example/g.gif><table background=https://t.example/h.gif>
<tr><td background=https://t.example/i.gif>x</td></tr></table><video poster=https://t.example/j.gif></video>
<audio src=https://t.example/k.mp3 autoplay></audio><input type=image src=https://t.example/l.gif>
<picture><source srcset=https://t.example/m.gif><img src=https://t.example/n.gif srcset="https://t.example/o.gif 2x">
</picture><svg><image href=https://t.example/p.gif /></svg><iframe src=https://t.example/q></iframe>"""
OUTSIDE = """
() => {
  const frame = document.querySelector('.message').getBoundingClientRect();
  return [...document.querySelectorAll('.message *')].filter(each => {
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    if (style.display === 'none') return false;
    return style.position !== 'static' || box.top < frame.top - 1 || box.left < frame.left - 1
      || style.backgroundImage !== 'none' || style.transform !== 'none' || style.zIndex !== 'auto';
  }).map(each => each.outerHTML);
}
"""


async def test_no_style_of_a_mail_overlays_escapes_or_fetches(module_desk: Desk, chromium: Browser) -> None:
    office = await open_office(module_desk)
    boxes = "".join(
        f'<div style="{style.replace(chr(34), "")}">box {place}</div>' for place, style in enumerate(STYLES)
    )
    thread = await received(office, f"<p>start</p>{boxes}{SHEETS}<p>end</p>")
    context = await chromium.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(view_of(thread), wait_until="networkidle")

    assert asked == [view_of(thread)]
    assert await page.evaluate(OUTSIDE) == []
    shown = await page.locator(".message").inner_text()
    assert all(f"box {place}" in shown for place in range(len(STYLES)))
    assert "end" in shown
    await context.close()
