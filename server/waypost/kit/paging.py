"""One page of a list, and how it was asked for. The words of page links belong to the edges."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")


class PageRequest(msgspec.Struct, frozen=True):
    """Which page (from 1) of which size."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.number - 1) * self.size


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """The items of one page and the exact number of items in the whole list."""

    items: list[Item]
    total: int
    request: PageRequest
