"""A site's own colours as a style sheet. Whatever they are, what stands on them can be read (WCAG 2: 4.5 to 1)."""

from __future__ import annotations

from waypost.domains.docs import SiteLook

_READABLE = 4.5
_DARK, _LIGHT = "#14201d", "#ffffff"
#: Page and cards of our own (site.css), in light and in dark: what links have to be readable on.
PAGE_LIGHT, PAGE_DARK = ("#fafaf7", "#ffffff"), ("#101614", "#18201d")
_ACCENTS = ("#0e5f50", "#74d3ba")
_STEPS = 20
#: How bright a ground is on which black and white can be read equally well.
_MIDDLE = 0.179


def style_of(look: SiteLook) -> str:
    """Custom properties for what the site sets; empty where it sets nothing."""
    light: list[tuple[str, str]] = []
    grounds = _grounds(look.page_bg_color) if look.page_bg_color else PAGE_LIGHT
    if look.page_bg_color:
        light += [("paper", full(look.page_bg_color)), *_ink_on(*grounds)]
    if look.header_bg_color:
        light += _header(look.header_bg_color, look)
    elif look.nav_text_color:
        light += [("on-header", look.nav_text_color)]
    both = [item for item in light if item[0].startswith(("header", "hero", "on-header"))]
    if look.link_color:
        light.append(("accent", readable(look.link_color, *grounds)))
    if look.article_text_color:
        light.append(("article-ink", readable(look.article_text_color, *grounds)))
    dark = list(both)
    if look.link_color:
        dark.append(("accent", readable(look.link_color, *PAGE_DARK)))
    if not light and not dark:
        return ""
    sheet = f":root{{{_declared(light)}}}"
    # A page background that the site has chosen is for the light; in the dark ours stays.
    sheet += f"@media(prefers-color-scheme:dark){{:root{{{_declared(_dark_ground(look) + dark)}}}}}"
    return sheet


def readable(color: str, *grounds: str) -> str:
    """The colour itself, or the nearest one towards black or white that can be read on all of the grounds."""
    color = full(color)
    ends = ("#000000", "#ffffff") if luminance(grounds[0]) > _MIDDLE else ("#ffffff", "#000000")
    for end in ends:
        for step in range(_STEPS + 1):
            nearer = mixed(color, end, step / _STEPS)
            if all(contrast(nearer, ground) >= _READABLE for ground in grounds):
                return nearer
    return ends[0]


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
    plain = readable(_LIGHT if contrast(_LIGHT, ground) >= contrast(_DARK, ground) else _DARK, ground)
    text = readable(look.nav_text_color or plain, ground)
    active = readable(look.nav_active_color, ground) if look.nav_active_color else text
    return [
        ("header", full(ground)),
        ("hero", full(ground)),
        ("on-header", text),
        ("on-header-active", active),
        ("on-header-strong", plain),
    ]


def _grounds(page: str) -> tuple[str, str]:
    """A page background that the site has chosen, and the cards on it."""
    return full(page), mixed(full(page), "#ffffff", 0.6 if luminance(page) > _MIDDLE else 0.06)


def _ink_on(page: str, card: str) -> list[tuple[str, str]]:
    """Text and lines on a page of that colour, and on its cards."""
    is_bright = luminance(page) > _MIDDLE
    ink = readable(_DARK if is_bright else _LIGHT, page, card)
    muted = readable(mixed(page, ink, 0.62), page, card)
    accent = readable(_ACCENTS[0] if is_bright else _ACCENTS[1], page, card)
    names = {"ink": ink, "article-ink": ink, "muted": muted, "accent": accent, "card": card, "well": card}
    return [*names.items(), ("line", mixed(page, ink, 0.16))]


def _dark_ground(look: SiteLook) -> list[tuple[str, str]]:
    """What the rules for the light have set, set back for the dark."""
    if not (look.page_bg_color or look.article_text_color):
        return []
    names = ("paper", "ink", "muted", "card", "line", "accent", "well") if look.page_bg_color else ()
    return [(name, f"var(--dark-{name})") for name in names] + [("article-ink", "var(--dark-ink)")]


def _declared(items: list[tuple[str, str]]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in items)
