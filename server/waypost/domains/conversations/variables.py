"""Variables of saved replies, signatures and automatic replies: what `{%customer.firstName%}` stands for."""

from __future__ import annotations

from waypost.domains.conversations import store_variables
from waypost.kit import placeholders
from waypost.kit.tx import Tx

NAMES = (
    "conversation.number",
    "conversation.subject",
    "customer.fullName",
    "customer.firstName",
    "customer.lastName",
    "customer.email",
    "customer.phone",
    "customer.company",
    "customer.jobTitle",
    "user.fullName",
    "user.firstName",
    "user.lastName",
    "user.email",
    "user.phone",
    "user.jobTitle",
    "mailbox.name",
    "mailbox.email",
)


async def filled(
    tx: Tx,
    account_id: int,
    text: str,
    *,
    conversation_id: int,
    customer_id: int | None,
    user_id: int | None,
    is_html: bool = True,
) -> str:
    """The text with its variables filled in; what has no value is its fallback, or nothing. Costs nothing without any.

    `user_id` is who writes, None for what nobody writes. Values are text in HTML, never markup.
    """
    if not placeholders.has_any(text):
        return text
    found = await values(tx, account_id, conversation_id, customer_id, user_id)
    return placeholders.filled(text, found, is_html=is_html)


async def values(
    tx: Tx, account_id: int, conversation_id: int, customer_id: int | None, user_id: int | None
) -> dict[str, str]:
    """What each variable stands for, plain; empty where there is nothing."""
    return await store_variables.values(tx.connection, account_id, conversation_id, customer_id, user_id)
