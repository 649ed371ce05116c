"""The search documents of an account: in which language's forms words are found, and making the documents anew.

Searches stay right meanwhile: they ask for the forms of every language in which some document still is.
"""

from __future__ import annotations

from waypost.domains.conversations import store_search
from waypost.domains.conversations.search import NEW_DOCUMENTS
from waypost.kit.errors import Invalid
from waypost.kit.tx import Transactions, Tx

#: So many documents a transaction: short enough for those who want to write to one of these conversations.
BATCH = 100
DEFAULT = NEW_DOCUMENTS[0]


async def search_languages(tx: Tx) -> list[str]:
    """The languages that can be chosen; `simple` finds words only as they were written."""
    return await store_search.known_languages(tx.connection)


async def search_language(tx: Tx, account_id: int) -> str:
    """The account's language."""
    chosen = await store_search.languages(tx.connection, account_id)
    return chosen[0] if chosen else DEFAULT


async def choose_search_language(tx: Tx, account_id: int, language: str) -> None:
    """Find words in the forms of this language from now on; the documents are to be made anew for it.

    Raises Invalid for a language that the database has no stemmer for.
    """
    known = await search_languages(tx)
    if language not in known:
        raise Invalid.one("language", f"must be one of {', '.join(known)}", "EnumValue", language)
    if language != await search_language(tx, account_id):
        await store_search.choose(tx.connection, account_id, language, DEFAULT)


async def make_documents_anew(tx: Tx, account_id: int) -> None:
    """Mark all documents of the account as to be made anew."""
    await store_search.make_anew(tx.connection, account_id, DEFAULT)


async def documents_left(tx: Tx, account_id: int) -> int:
    """How many documents are still to be made anew."""
    return await store_search.left(tx.connection, account_id)


async def rebuild_some_documents(transactions: Transactions, account_id: int) -> int | None:
    """Make some documents anew, in one transaction; how many. 0: none just now. None: nothing is left to do."""
    async with transactions.open() as tx:
        return await store_search.rebuild_some(tx.connection, account_id, BATCH)


async def rebuild_documents(transactions: Transactions) -> None:
    """Go on making documents anew, in every account, until nothing is left or others must end first."""
    async with transactions.read() as tx:
        accounts = await store_search.unfinished(tx.connection)
    for account_id in accounts:
        idle = 0
        while idle < 3:
            done = await rebuild_some_documents(transactions, account_id)
            if done is None:
                break
            idle = 0 if done else idle + 1
