"""A site's own colours as a style sheet. Whatever they are, what stands on them can be read (WCAG 2: 4.5 to 1)."""

from __future__ import annotations

from waypost.domains.docs import SiteLook

_READABLE = 4.5
_DARK, _LIGHT = "#14201d", "#ffffff"
#: Backgrounds of our own, in light and in dark: what link colours have to be readable on.
PAGE_LIGHT, PAGE_DARK = "#f7f6f2", "#101614"
_STEPS = 20


def style_of(look: SiteLook) -> str:
    """Custom properties for what the site sets; empty where it sets nothing."""
    light: list[tuple[str, str]] = []
    page = look.page_bg_color or PAGE_LIGHT
    if look.page_bg_color:
        light += [("paper", page), *_ink_on(page)]
    if look.header_bg_color:
        light += _header(look.header_bg_color, look)
    elif look.nav_text_color:
        light += [("on-header", look.nav_text_color)]
    both = [item for item in light if item[0].startswith(("header", "hero", "on-header"))]
    if look.link_color:
        light.append(("accent", readable(look.link_color, page)))
    if look.article_text_color:
        light.append(("article-ink", readable(look.article_text_color, page)))
    dark = list(both)
    if look.link_color:
        dark.append(("accent", readable(look.link_color, PAGE_DARK)))
    if not light and not dark:
        return ""
    sheet = f":root{{{_declared(light)}}}"
    # A page background that the site has chosen is for the light; in the dark ours stays.
    sheet += f"@media(prefers-color-scheme:dark){{:root{{{_declared(_dark_ground(look) + dark)}}}}}"
    return sheet


def readable(color: str, ground: str, wanted: float = _READABLE) -> str:
    """The colour itself, or the nearest one towards black or white that can be read on a ground."""
    color, ground = full(color), full(ground)
    if contrast(color, ground) >= wanted:
        return color
    end = "#000000" if luminance(ground) > 0.18 else "#ffffff"
    for step in range(1, _STEPS + 1):
        nearer = mixed(color, end, step / _STEPS)
        if contrast(nearer, ground) >= wanted:
            return nearer
    return end


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    """How bright a colour is, from 0 to 1."""
    parts = [int(full(color)[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(one: str, other: str, share: float) -> str:
    """A colour with this share of another."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def full(color: str) -> str:
    """`#rgb` as `#rrggbb`, in lower case."""
    color = color.lower()
    return "#" + "".join(letter * 2 for letter in color[1:]) if len(color) == 4 else color


def _header(ground: str, look: SiteLook) -> list[tuple[str, str]]:
    plain = _LIGHT if contrast(_LIGHT, ground) >= contrast(_DARK, ground) else _DARK
    text = readable(look.nav_text_color or plain, ground)
    active = readable(look.nav_active_color, ground) if look.nav_active_color else text
    return [
        ("header", full(ground)),
        ("hero", full(ground)),
        ("on-header", text),
        ("on-header-active", active),
        ("on-header-strong", plain),
    ]


def _ink_on(ground: str) -> list[tuple[str, str]]:
    """Text, cards and lines on a page background that the site has chosen."""
    is_bright = luminance(ground) > 0.18
    ink = _DARK if is_bright else _LIGHT
    muted = readable(mixed(full(ground), ink, 0.62), ground)
    card = mixed(full(ground), "#ffffff", 0.6 if is_bright else 0.06)
    line = mixed(full(ground), ink, 0.16)
    return [("ink", ink), ("article-ink", ink), ("muted", readable(muted, card)), ("card", card), ("line", line)]


def _dark_ground(look: SiteLook) -> list[tuple[str, str]]:
    """What the rules for the light have set, set back for the dark."""
    if not (look.page_bg_color or look.article_text_color):
        return []
    names = ("paper", "ink", "muted", "card", "line") if look.page_bg_color else ()
    return [(name, f"var(--dark-{name})") for name in names] + [("article-ink", "var(--dark-ink)")]


def _declared(items: list[tuple[str, str]]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in items)
