"""Videos in documents of the desk's own pages: players of a fixed list of services, written anew as one kind of frame.

Nothing of a frame that somebody has written is kept but what is read out of it here. While the text is made safe, a
mark that any text may hold stands in its place, and becomes a frame only if its address is that of a player.
"""

import html
import re
from typing import NamedTuple
from urllib.parse import urlsplit

#: The hosts that frames of these videos come from, for the `frame-src` of pages that show them.
VIDEO_HOSTS = (
    "www.youtube-nocookie.com",
    "player.vimeo.com",
    "fast.wistia.net",
    "fast.wistia.com",
    "www.loom.com",
    "www.dailymotion.com",
    "play.vidyard.com",
    "iframe.mediadelivery.net",
)
#: What a player may do: run, be of its own origin, be cast to a screen. No forms, windows, downloads or dialogs, and no
#: way to lead the reader's page elsewhere.
SANDBOX = "allow-scripts allow-same-origin allow-presentation"
#: YouTube refuses to play where it is not told which site asks; no other page than the site's own root is named.
REFERRER_POLICY = "strict-origin-when-cross-origin"

_YOUTUBE = {"youtube.com", "www.youtube.com", "m.youtube.com", "youtube-nocookie.com", "www.youtube-nocookie.com"}
_PATHS = {
    "www.youtube-nocookie.com": re.compile(r"/embed/[\w-]{6,40}", re.ASCII),
    "player.vimeo.com": re.compile(r"/video/\d{4,15}", re.ASCII),
    "fast.wistia.net": re.compile(r"/embed/iframe/[a-z0-9]{6,20}", re.ASCII),
    "fast.wistia.com": re.compile(r"/embed/iframe/[a-z0-9]{6,20}", re.ASCII),
    "www.loom.com": re.compile(r"/embed/[a-f0-9]{16,40}", re.ASCII),
    "www.dailymotion.com": re.compile(r"/embed/video/[a-z0-9]{4,20}", re.ASCII),
    "play.vidyard.com": re.compile(r"/[A-Za-z0-9]{8,40}(?:\.html)?", re.ASCII),
    "iframe.mediadelivery.net": re.compile(r"/embed/\d{1,12}/[a-f0-9-]{36}", re.ASCII),
}
_SETTING = re.compile(r"[A-Za-z][\w-]{0,30}=[\w.,:-]{0,100}", re.ASCII)
_LONGEST_ADDRESS = 500
_TITLE_LENGTH = 200
_SIZE = re.compile(r"\d{1,4}(?:px)?|\d{1,3}%", re.ASCII)
_MARK = "waypost-video"
_STANDS_FOR = re.compile(rf'<span class="{_MARK}" title="([^"<>]*)"></span>')


class Video(NamedTuple):
    """A player: where it is, its size as pixels or percent (empty if none is given), and what it is called."""

    address: str
    width: str = ""
    height: str = ""
    is_fullscreen: bool = False
    title: str = ""


def player_address(source: str) -> str | None:
    """The address of a known service's player, over https and without cookies where there is such a one; None for
    anything else."""
    source = source.strip()
    if not source.isascii() or len(source) > _LONGEST_ADDRESS or any(c in source for c in "\\\t\r\n\0 <>\"'`@"):
        return None
    try:
        parts = urlsplit(f"https:{source}" if source.startswith("//") else source)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or port is not None:
        return None
    host = "www.youtube-nocookie.com" if host in _YOUTUBE else host
    host = "www.loom.com" if host == "loom.com" else host
    path = _PATHS.get(host)
    if path is None or not path.fullmatch(parts.path):
        return None
    # A video that begins by itself is not the reader's wish.
    settings = [
        pair for pair in parts.query.split("&") if _SETTING.fullmatch(pair) and not pair.lower().startswith("autoplay")
    ]
    return f"https://{host}{parts.path}" + (f"?{'&'.join(settings)}" if settings else "")


def mark(attributes: list[tuple[str, str]]) -> str:
    """What stands in a text for a frame with these attributes; nothing for one that is no video."""
    given: dict[str, str] = {}
    for name, value in attributes:
        # Of an attribute that is there twice, browsers take the first.
        given.setdefault(name.lower(), value)
    address = player_address(given.get("src", ""))
    if address is None:
        return ""
    video = Video(
        address,
        _size(given.get("width", "")),
        _size(given.get("height", "")),
        "allowfullscreen" in given,
        " ".join(given.get("title", "").split())[:_TITLE_LENGTH],
    )
    told = f"{video.address} {video.width or '-'} {video.height or '-'} {int(video.is_fullscreen)} {video.title}"
    return f'<span class="{_MARK}" title="{html.escape(told)}"></span>'


def framed(cleaned: str) -> str:
    """Text that was made safe, with a frame for each mark that names a player; other marks are dropped."""
    return _STANDS_FOR.sub(_frame, cleaned) if _MARK in cleaned else cleaned


def _frame(found: re.Match[str]) -> str:
    source, width, height, is_fullscreen, title = ([*html.unescape(found[1]).split(" ", 4), "", "", "", "", ""])[:5]
    address = player_address(source)
    if address is None:
        return ""
    given = [("src", address), ("width", _size(width)), ("height", _size(height)), ("title", title[:_TITLE_LENGTH])]
    fixed = [("loading", "lazy"), ("referrerpolicy", REFERRER_POLICY), ("sandbox", SANDBOX)]
    written = [f'{name}="{_escaped(value)}"' for name, value in given + fixed if value]
    if is_fullscreen == "1":
        written.append('allowfullscreen=""')
    return f"<iframe {' '.join(written)}></iframe>"


def _size(text: str) -> str:
    text = text.strip()
    return text.removesuffix("px") if _SIZE.fullmatch(text) else ""


def _escaped(text: str) -> str:
    return html.escape(text).replace("&#x27;", "'")
