"""Who takes part: customers found or made from what a caller says of them, authors, assignees."""

from __future__ import annotations

from waypost.domains import customers
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.conversations import store_writes
from waypost.domains.conversations.models import ConversationType, CustomerReference, NewThread
from waypost.domains.customers import EntryKind, NewCustomer, NewEntry
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx


class References:
    """Resolves the customers that one request names, each once, and gathers what is wrong with them."""

    def __init__(self, tx: Tx, actor: Actor) -> None:
        self._tx = tx
        self._actor = actor
        self._by_email: dict[str, int] = {}
        self.errors: list[FieldError] = []

    async def resolve(self, reference: CustomerReference, path: str, *, by_phone: bool = False) -> int:
        """The customer's id; an unknown address makes a customer (spec: 7.2). 0 when it is refused."""
        if reference.id is not None:
            return await self._by_id(reference.id, path)
        if reference.email:
            return await self._by_address(reference, path)
        profile = reference.profile
        if by_phone and (profile.phone or profile.first_name or profile.last_name):
            return await self._without_address(reference)
        self.errors.append(FieldError(f"{path}.email", "may not be empty", "NotEmpty"))
        return 0

    async def _by_id(self, customer_id: int, path: str) -> int:
        try:
            await customers.keep(self._tx, self._actor, customer_id)
        except NotFound:
            self.errors.append(FieldError(f"{path}.id", "customer does not exist", "Unknown", customer_id))
            return 0
        return customer_id

    async def _by_address(self, reference: CustomerReference, path: str) -> int:
        email = (reference.email or "").strip()
        known = self._by_email.get(email.lower())
        if known is not None:
            return known
        if not customers.is_email_address(email):
            self.errors.append(FieldError(f"{path}.email", "not a well-formed email address", "Email", reference.email))
            return 0
        problems = customers.check_profile(reference.profile, path)
        if problems:
            existing = await customers.find_by_email(self._tx, scope_of(self._actor), email)
            if existing is None:
                self.errors.extend(problems)
                return 0
        customer_id = await customers.keep_by_email(self._tx, self._actor, email, reference.profile)
        self._by_email[email.lower()] = customer_id
        return customer_id

    async def _without_address(self, reference: CustomerReference) -> int:
        profile = reference.profile
        entries = [NewEntry(kind=EntryKind.PHONE, value=profile.phone)] if profile.phone else []
        made = await customers.create(
            self._tx,
            self._actor,
            NewCustomer(
                first_name=profile.first_name, last_name=profile.last_name, entries=entries, job_title=profile.job_title
            ),
        )
        return made.id

    def done(self) -> None:
        """Raise what was wrong, all of it."""
        if self.errors:
            raise Invalid(self.errors)


async def check_user(tx: Tx, actor: Actor, user_id: int | None, path: str, errors: list[FieldError]) -> None:
    """A user or team that is named must exist and be active."""
    if user_id and not await store_writes.is_assignable(tx.connection, actor.account_id, user_id):
        errors.append(FieldError(path, "user does not exist", "Unknown", user_id))


async def check_authors(tx: Tx, actor: Actor, threads: list[NewThread], errors: list[FieldError], path: str) -> None:
    """Every author that threads name must exist."""
    for index, thread in enumerate(threads):
        if thread.user_id:
            await check_user(tx, actor, thread.user_id, path.format(index), errors)


def may_lack_address(kind: ConversationType, source_type: str) -> bool:
    """Whether somebody without an address can take part: callers (spec: 7.2), and writers of mails that name none."""
    return kind is ConversationType.PHONE or source_type == "email"
