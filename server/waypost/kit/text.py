"""Cleaning of text that came from outside before it is stored or shown: what PostgreSQL refuses,
what deceives the eye in names, and what a file name must not carry. HTML is `kit/html.py`."""

import re
import unicodedata

FILE_NAME_BYTES = 255  # the longest name of ext4, APFS and NTFS alike
NAME_CHARACTERS = 255
EXTENSION_CHARACTERS = 20

_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]+")
# Bidi marks and isolates, invisible characters and tag characters: they make one name look like another.
# ZWJ and ZWNJ stay, because emoji and several scripts are spelled with them.
_DECEIVING = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPACE = re.compile(r"\s+")
_NOT_IN_FILE_NAMES = re.compile(r'[<>:"|?*]')
_RESERVED_FILE_NAME = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Remove NUL characters and lone surrogates, which PostgreSQL refuses. Surrogate pairs become the
    character they stand for; everything else stays."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii() and _LONE_SURROGATE.search(text):
        text = _LONE_SURROGATE.sub("", _SURROGATE_PAIR.sub(_joined, text))
    return text


def clean_name(name: str, limit: int = NAME_CHARACTERS) -> str:
    """A name on one line: composed (NFC), without control, bidi and invisible characters, at most `limit`
    characters. Empty when nothing readable remains."""
    if name.isascii() and name.isprintable():
        return (_SPACE.sub(" ", name[: 4 * limit]) if "  " in name else name)[:limit].strip()
    # Normalising cost grows with runs of combining marks; what is cut here would be cut below anyway.
    name = clean_text(name[: 4 * limit])
    name = _CONTROL.sub(" ", unicodedata.normalize("NFC", name))
    name = _SPACE.sub(" ", _DECEIVING.sub("", name))
    return name[:limit].strip()


def clean_file_name(name: str, fallback: str = "attachment") -> str:
    """A file name that is safe on every file system: no path, no control or bidi characters, no leading
    dot, no device name, at most 255 bytes with the extension kept. `fallback` when nothing remains."""
    name = re.split(r"[/\\]", name)[-1]
    name = _NOT_IN_FILE_NAMES.sub("_", clean_name(name, limit=1024)).strip(". ")
    if _RESERVED_FILE_NAME.match(name):
        name = "_" + name
    return _shortened(name, FILE_NAME_BYTES) or fallback


def _shortened(name: str, limit: int) -> str:
    if len(name.encode()) <= limit:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > EXTENSION_CHARACTERS:
        stem, dot, extension = name, "", ""
    room = limit - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
