"""What the desk and its help centers, which lie on other hosts, know of each other: the way of a sign-in."""

from __future__ import annotations

#: On the desk: asks a user whether a help center may know them. Takes `site`, `state` and `to`.
VISIT = "/docs/visit"
#: On a help center: where the desk sends the browser back to, with `token` and `to`.
ARRIVAL = "/sign-in/done"
#: The longest path that is gone back to.
MOST_CHARACTERS = 2000


def safe_path(text: str) -> str:
    """A path of this host to go on to, or `/` for what could be anything else."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    is_clean = text.isascii() and text.isprintable() and not any(mark in text for mark in "\\ ")
    return text if is_path and is_clean and len(text) <= MOST_CHARACTERS else "/"
