"""Regular expressions that people write: RE2's, whose time grows with the text and with nothing else (security: 32)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

#: Bytes that one expression may take once it is compiled: `(a{1000}){1000}` is refused.
MOST_MEMORY = 1 << 20


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MOST_MEMORY
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    return options


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The expression, ready to search with. Raises ValueError for what RE2 does not read."""
    try:
        return re2.compile(pattern, options=_options())
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from error


def matches(pattern: str, text: str) -> bool:
    """Whether it is found anywhere in the text, in either case. An expression that cannot be read matches nothing."""
    try:
        return compiled(pattern).search(text) is not None
    except ValueError:
        return False
