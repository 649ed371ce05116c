"""Bytes to text, whatever the sender called their charset."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_NAME = re.compile(r"[\w.:+-]{1,40}", re.ASCII)
_LATIN = "cp1252"
# What senders write -> what they mean. Browsers and mail programs read these as the larger set too.
_MEANT = {
    **dict.fromkeys(("ascii", "us-ascii", "ansi_x3.4-1968", "iso-8859-1", "iso8859-1", "latin1", "latin-1"), _LATIN),
    **dict.fromkeys(("gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "euc-cn", "gb18030"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "ks_c_5601", "ksc5601", "euc-kr", "windows-949", "x-windows-949"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis", "windows-31j", "ms_kanji"), "cp932"),
    **dict.fromkeys(("utf8", "utf-8", "utf8mb4", "cp65001", "unicode", "x-utf8", "utf-8-mac"), "utf-8"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical"), "iso8859_8"),
    **dict.fromkeys(("tis-620", "windows-874", "iso-8859-11"), "cp874"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "x-macroman"), "mac_roman"),
    "x-mac-cyrillic": "mac_cyrillic",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-9": "cp1254",
    "unicode-1-1-utf-7": "utf-7",
}
# Python's codecs that are not charsets of mail, or cost quadratic time.
_NOT_CHARSETS = frozenset("idna punycode unicode-escape raw-unicode-escape undefined mbcs oem".split())
# In these, ASCII bytes do not always mean ASCII characters.
_SHIFTING = re.compile(r"utf-(?:7|16|32)|iso2022|iso-2022|hz", re.IGNORECASE)
_ESCAPED_JAPANESE = re.compile(rb"\x1b[$(][@BJI]")
_C1 = {code: bytes((code,)).decode(_LATIN, "ignore") or chr(code) for code in range(0x80, 0xA0)}
_BROKEN_BYTES = {0xDC00 + code: _C1.get(code) or chr(code) for code in range(0x80, 0x100)}


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """The text of some bytes, and a warning when the declared charset was wrong or had to be guessed. Never
    raises and drops nothing: bytes that are not of the charset are read as Windows-1252."""
    codec = codec_of(declared)
    if data.isascii() and not (codec and _SHIFTING.match(codec)) and not _ESCAPED_JAPANESE.search(data):
        return data.decode("ascii"), None
    if codec is None or codec == _LATIN:
        return _without_charset(data, declared)
    if codec == "utf-8":
        return _utf8(data)
    if codec.startswith(("utf-16", "utf-32")):
        if b"\0" not in data:
            return _without_charset(data, declared)
        if codec == "utf-16" and data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            codec = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    for attempt in (codec, "utf-8"):
        try:
            text = data.decode(attempt)
        except (UnicodeError, ValueError):
            continue
        return text.removeprefix("\ufeff"), None if attempt == codec else f"text declared as {codec} is UTF-8"
    return data.decode(codec, "replace"), f"text is not all {codec}"


@lru_cache(maxsize=256)
def codec_of(declared: str | None) -> str | None:
    """Python's codec for a declared charset; None when there is none or it is no charset."""
    name = (declared or "").strip(" '\"\t").lower()
    if not _NAME.fullmatch(name):
        return None
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    is_text = getattr(found, "_is_text_encoding", False)
    return found.name if is_text and found.name.replace("_", "-") not in _NOT_CHARSETS else None


def _without_charset(data: bytes, declared: str | None) -> tuple[str, str | None]:
    if _ESCAPED_JAPANESE.search(data):
        return data.decode("iso2022_jp_ext", "replace"), None if declared else "charset guessed: iso-2022-jp"
    try:
        return data.decode("utf-8").removeprefix(
            "\ufeff"
        ), f"text declared as {declared} is UTF-8" if declared else None
    except UnicodeError:
        known = codec_of(declared) is not None
        return data.decode("latin-1").translate(_C1), None if known else "charset guessed: windows-1252"


def _utf8(data: bytes) -> tuple[str, str | None]:
    try:
        return data.decode("utf-8").removeprefix("\ufeff"), None
    except UnicodeError:
        text = data.decode("utf-8", "surrogateescape").translate(_BROKEN_BYTES)
        return text.removeprefix("\ufeff"), "text is not all UTF-8"
