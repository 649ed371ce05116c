"""What an import of a Docs account has done, or would do."""

from __future__ import annotations

import msgspec

MOST_NOTES = 10_000


class Count(msgspec.Struct):
    """Things of one kind."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0


class Remark(msgspec.Struct, frozen=True):
    """What somebody should know about a thing: why it failed, or what is otherwise than at the source."""

    source: str
    reason: str


class Summary(msgspec.Struct):
    """All kinds, files, links, and what there is to say."""

    sites: Count = msgspec.field(default_factory=Count)
    collections: Count = msgspec.field(default_factory=Count)
    categories: Count = msgspec.field(default_factory=Count)
    articles: Count = msgspec.field(default_factory=Count)
    redirects: Count = msgspec.field(default_factory=Count)
    revisions: int = 0
    #: Pictures and attachments that were stored, and those that could not be fetched.
    files: int = 0
    missing: int = 0
    #: Links that lead to this desk's pages now, and those to pages of the source that were not found.
    links: int = 0
    dead_links: int = 0
    requests: int = 0
    waited_s: float = 0.0
    notes: list[Remark] = msgspec.field(default_factory=list)
    failures: list[Remark] = msgspec.field(default_factory=list)

    def note(self, source: str, reason: str) -> None:
        """Something is otherwise than at the source."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(Remark(source, reason))

    def fail(self, source: str, reason: str) -> None:
        """Something could not be taken in."""
        self.failures.append(Remark(source, reason))

    def of(self, kind: str) -> Count:
        """The count of a kind, by its name in the singular."""
        count: Count = getattr(self, "categories" if kind == "category" else f"{kind}s")
        return count

    @property
    def done(self) -> int:
        """How many things have been dealt with."""
        counts = (self.sites, self.collections, self.categories, self.articles, self.redirects)
        return sum(count.created + count.changed + count.unchanged for count in counts)
