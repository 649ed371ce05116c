"""What HTML of mails and of agents' replies may keep: elements, attributes, addresses and styles.
Only lists and pure decisions; `kit/html.py` applies them."""

import re
from collections.abc import Callable
from functools import lru_cache

TEXT_ELEMENTS = frozenset(
    "abbr acronym address article aside bdi bdo blockquote br caption center cite col colgroup dd del details dfn div"
    " dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr img ins kbd li main mark nav ol p pre q rp rt ruby"
    " samp section span sub summary sup table tbody td tfoot th thead time tr ul var wbr".split()
)
# "Formatting" is the HTML standard's word for the elements that a parser opens again in the next block.
FORMATTING_ELEMENTS = frozenset("a b big code em font i s small strike strong tt u".split())
ALLOWED_ELEMENTS = TEXT_ELEMENTS | FORMATTING_ELEMENTS
# Their content is not text for people, so it goes with the element.
DROPPED_WITH_CONTENT = frozenset("iframe noembed noframes script style title".split())

LINK_SCHEMES = frozenset(("http", "https", "mailto", "tel"))
IMAGE_SCHEMES = frozenset(("http", "https", "cid", "data"))
ALL_SCHEMES = set(LINK_SCHEMES | IMAGE_SCHEMES)

_CELL = {"abbr", "bgcolor", "colspan", "headers", "height", "nowrap", "rowspan", "scope", "valign", "width"}
_ROWS = {"bgcolor", "valign"}
ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"align", "class", "dir", "id", "lang", "style", "title"},
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "del": {"datetime"},
    "details": {"open"},
    "div": {"name"},
    "font": {"color", "face", "size"},
    "hr": {"color", "noshade", "size", "width"},
    "img": {"alt", "border", "height", "src", "width"},
    "ins": {"datetime"},
    "li": {"type", "value"},
    "ol": {"reversed", "start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "height", "width"},
    "tbody": _ROWS,
    "td": _CELL,
    "tfoot": _ROWS,
    "th": _CELL,
    "thead": _ROWS,
    "time": {"datetime"},
    "tr": _ROWS | {"height"},
    "ul": {"type"},
}
# What Waypost itself puts around the parts of a mail that a viewer may fold.
QUOTE_CLASS = "waypost_quote"
SIGNATURE_CLASS = "waypost_signature"
# Marks that mail programs put around a quoted message; any other class or id could address the page's own
# styles and scripts (DOM clobbering), so it goes.
QUOTE_MARKS = frozenset(
    "gmail_quote gmail_attr gmail_extra gmail_signature moz-cite-prefix moz-signature moz-forward-container"
    " yahoo_quoted protonmail_quote protonmail_signature-block zmail_extra tutanota_quote WordSection1"
    " OutlookMessageHeader divRplyFwdMsg appendonsend mail-editor-reference-message-container isForwardContent"
    " OLK_SRC_BODY_SECTION AppleMailSignature gmail_quote_container ms-outlook-mobile-reference-message isReplyContent"
    " ms-outlook-mobile-signature Signature sh-quoted-content sh-signature front-blockquote front-signature"
    " missive_quote missive_signature qt ntes-mailmaster-quote ntes-mailmaster-signature history_container"
    " bloop_original_html bloop_sign zmail_signature tutanota_signature quote messageReplySection"
    " messageSignatureSection"
    f" {QUOTE_CLASS} {SIGNATURE_CLASS}".split()
)

# No property of this list takes url(), moves a box out of its place, layers it or animates it.
SAFE_PROPERTIES = frozenset(
    "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse"
    " border-color border-left border-left-color border-left-style border-left-width border-radius border-right"
    " border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color"
    " border-top-style border-top-width border-width caption-side clear color direction display empty-cells float font"
    " font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style-position"
    " list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height"
    " min-width overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout text-align"
    " text-decoration text-decoration-color text-decoration-line text-decoration-style text-indent text-transform"
    " unicode-bidi vertical-align white-space width word-break word-spacing word-wrap".split()
)
STYLE_CHARACTERS = 8_000

# Ids and classes of documents: what links to headings and style sheets need, and no more.
_PLAIN_MARK = re.compile(r"[A-Za-z][\w:.-]{0,99}", re.ASCII)
_COLOUR_SHORTHAND = re.compile(r"#?[\w ]+|rgba?\([\d ,.%]+\)")
_SAFE_VALUE = re.compile(
    r"""(?:[\w\ \#%.,!+/-]|"[\w\ ,.+-]*+"|'[\w\ ,.+-]*+'|(?:rgb|hsl)a?\([\w\ ,.%/+-]*+\))++""", re.VERBOSE
)
_NEGATIVE_LENGTH = re.compile(r"(?<![\w#.])-\s*[.\d]")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DISPLAYS = re.compile(r"none|block|inline|inline-block|list-item|(?:inline-)?table(?:-[a-z-]+)?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
# Browsers skip these when they read an address, so `java\tscript:` is `javascript:` to them.
_SKIPPED_IN_ADDRESSES = re.compile("[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]")
_IMAGE_DATA = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp|x-icon|avif);base64,[A-Za-z0-9+/=\s]*+\Z", re.IGNORECASE
)


def allowed_attribute(_element: str, attribute: str, value: str) -> str | None:
    """The value to keep for an attribute of an allowed element, or None to drop the attribute."""
    if attribute == "style":
        return safe_style(value) or None
    if attribute == "href":
        return value if _scheme_of(value) in LINK_SCHEMES | {""} else None
    if attribute == "src":
        return value if _is_safe_image(value) else None
    if attribute in ("class", "id", "name"):
        return " ".join([mark for mark in value.split() if mark.removeprefix("x_") in QUOTE_MARKS]) or None
    return value


def document_attributes(own_images: str) -> Callable[[str, str, str], str | None]:
    """`allowed_attribute` for documents of the desk's own pages: with plain ids and classes, and with images whose
    path begins with `own_images`."""

    def allowed(element: str, attribute: str, value: str) -> str | None:
        if attribute in ("class", "id"):
            marks = [mark for mark in value.split() if _PLAIN_MARK.fullmatch(mark)]
            return " ".join(marks[:1] if attribute == "id" else marks) or None
        if attribute == "src" and value.startswith(own_images) and ".." not in value:
            return value
        return allowed_attribute(element, attribute, value)

    return allowed


def safe_style(style: str) -> str:
    """The declarations of a style attribute that are on the list, written as `name:value;name:value`.
    Applying it again changes nothing."""
    return _short_style(style) if len(style) <= STYLE_CHARACTERS else ""


@lru_cache(maxsize=2048)
def _short_style(style: str) -> str:
    kept: list[str] = []
    for declaration in _CSS_COMMENT.sub("", style).split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.split())
        if name == "background" and _COLOUR_SHORTHAND.fullmatch(value):
            name = "background-color"
        if name in SAFE_PROPERTIES and _is_safe_value(name, value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def _is_safe_value(name: str, value: str) -> bool:
    if not _SAFE_VALUE.fullmatch(value) or _NEGATIVE_LENGTH.search(value):
        return False
    return name != "display" or bool(_DISPLAYS.fullmatch(value.lower().replace("!important", "").strip()))


def _scheme_of(address: str) -> str:
    found = _SCHEME.match(_SKIPPED_IN_ADDRESSES.sub("", address[:200]).lower())
    return found.group(1) if found else ""


def _is_safe_image(address: str) -> bool:
    scheme = _scheme_of(address)
    if scheme == "data":
        return bool(_IMAGE_DATA.match(address.strip()))
    # A relative image would be fetched from the help desk's own host, with the agent's session.
    return scheme in IMAGE_SCHEMES or address.startswith("//")
