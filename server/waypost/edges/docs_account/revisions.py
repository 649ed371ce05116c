"""Texts that articles had before, as far as the source gives them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from waypost.domains import accounts, docs
from waypost.domains.accounts import scope_of
from waypost.domains.docs import PastRevision
from waypost.edges.docs_account.places import Placed
from waypost.edges.docs_account.source import NotGiven
from waypost.edges.docs_account.taking import Taking
from waypost.edges.docs_account.texts import Texts
from waypost.edges.docs_account.wire import RevisionIn, UserIn, time_of
from waypost.kit.paging import PageRequest

_MOST_USERS = 10_000


class Revisions:
    """The reading of revisions that are not here yet."""

    def __init__(self, taking: Taking, texts: Texts) -> None:
        self._taking, self._texts = taking, texts
        self._users: dict[str, int | None] | None = None

    async def of(self, origin_id: str, article: Placed, where: str) -> list[PastRevision] | None:
        """The article's new revisions, oldest first; None if the source has none at all."""
        taking = self._taking
        if not taking.choices.has_revisions:
            return None
        path = f"/articles/{quote(origin_id, safe='')}/revisions"

        def bad(reason: str) -> None:
            taking.summary.note(where, f"a revision is left out: {reason}")

        try:
            listed = await taking.source.all(path, "revisions", RevisionIn, bad)
        except NotGiven as error:
            taking.summary.note(where, f"its revisions are left out: {error.message}")
            return None
        if not listed:
            return None
        async with taking.desk.transactions.open() as tx:
            known = await docs.known_revisions(tx, taking.actor, [one.id for one in listed])
        now = datetime.now(UTC)
        found = []
        # Lists begin with the newest; of those of one second the order is all that tells.
        for one in reversed([one for one in listed if one.id not in known]):
            text = await self._text(path, one.id, bad)
            if text is not None and text.strip():
                text, _ = await self._texts.rewritten(text, article, where)
                at = time_of(one.created_at, now) or now
                user_id = await self._user(one)
                found.append(PastRevision(origin_id=one.id, text=text, user_id=user_id, created_at=at))
        return sorted(found, key=lambda one: one.created_at)

    async def _text(self, path: str, revision_id: str, bad: Callable[[str], None]) -> str | None:
        """The text, by either of the paths that give it (spec: docs-api 1)."""
        part = quote(revision_id, safe="")
        reason = ""
        for place in (f"/revisions/{part}", f"{path}/{part}"):
            try:
                return (await self._taking.source.one(place, "revision", RevisionIn)).text
            except NotGiven as error:
                reason = error.message
        bad(reason)
        return None

    async def _user(self, one: RevisionIn) -> int | None:
        """The user here who has the name of the one who wrote it, if there is exactly one."""
        if not isinstance(one.created_by, UserIn):
            return None
        if self._users is None:
            self._users = {}
            async with self._taking.desk.transactions.read() as tx:
                page = await accounts.list_users(tx, scope_of(self._taking.actor), PageRequest(1, _MOST_USERS))
            for user in page.items:
                name = f"{user.first_name} {user.last_name}".lower()
                self._users[name] = None if name in self._users else user.id
        return self._users.get(f"{one.created_by.first_name} {one.created_by.last_name}".lower())
