"""How long searches take: ten typical queries over conversations at two sizes, and customers at the larger.

    python -m bench.search                          100,000 and 1,000,000 conversations, 1,000,000 customers
    python -m bench.search --sizes 100000           one size
    python -m bench.search --runs 50 --explain      more queries of each kind, and how PostgreSQL runs the slowest

Each kind is asked with many different values, as the list of `GET /v2/conversations` asks it, of every status: a page
of 25 and the exact total, by the verb that the call uses, without HTTP. No total is remembered from one query to the
next. Databases are made on the first run and kept in bench/results; a million takes half an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench import ground
from bench.generation.words import invented_word
from waypost.domains import conversations, customers
from waypost.domains.accounts import Actor, Scope
from waypost.kit.db import open_pool
from waypost.kit.dear_reads import DearReads
from waypost.kit.paging import PageRequest
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.tx import Transactions

BAR_MS = {100_000: 60, 1_000_000: 100}
CUSTOMERS_AT = 1_000_000
INCIDENTS = 12
_FREQUENCIES = """
select substr(word, strpos(word, 'x') + 1) as word, share from (
  select unnest(most_common_elems::text::text[]) as word, unnest(most_common_elem_freqs) as share
  from pg_stats where tablename = 'conversation_search' and attname = 'document') known
where word like 'b' || $1::bigint || 'x_%'
"""
_BODIES = (
    "select body_text from thread tablesample system (0.5) where account_id = $1 and state = 'published' limit 5000"
)
_EMAILS = "select email from customer where account_id = $1 order by id desc limit 5000"


class Values:
    """Words, addresses and dates of the account to ask for; the same seed gives the same ones."""

    def __init__(self, words: dict[str, float], bodies: list[str], emails: list[str]) -> None:
        self.dice = random.Random(1)
        self.words = {word: share for word, share in words.items() if word.isalpha() and len(word) > 1}
        self.bodies = [body for body in bodies if len(body.split()) > 12]
        self.emails = emails

    def word(self, least: float, most: float) -> str:
        """A word that stands in that share of the conversations."""
        return self.dice.choice(sorted(word for word, share in self.words.items() if least <= share < most))

    def rare(self) -> str:
        """A word that hardly any conversation has."""
        return self.dice.choice(self.bodies).rsplit(" ", 1)[-1].rstrip(".")

    def phrase(self) -> str:
        """Three words in a row that somebody wrote."""
        words = self.dice.choice(self.bodies).replace('"', "").replace("\\", "").split()
        start = self.dice.randrange(len(words) - 4)
        return " ".join(words[start : start + 3])

    def email(self) -> str:
        """A customer's address."""
        return self.dice.choice(self.emails)

    def day(self) -> str:
        """A day of the last two years."""
        return f"{datetime.now(UTC) - timedelta(days=self.dice.randrange(30, 700)):%Y-%m-%d}"


def conversation_queries(values: Values) -> dict[str, Callable[[], str]]:
    """The ten kinds, each made anew with every call."""
    return {
        "rare word": values.rare,
        "word of one outage": lambda: f"outage{invented_word(values.dice.randrange(1, INCIDENTS))}",
        "word in 1 to 3 %": lambda: values.word(0.01, 0.03),
        "common word (in 20 to 50 %)": lambda: values.word(0.2, 0.5),
        "three common words": lambda: " ".join(values.word(0.05, 0.5) for _ in range(3)),
        "phrase": lambda: f'(body:"{values.phrase()}")',
        "word in the subject": lambda: f'(subject:"{values.word(0.01, 0.05)}")',
        "tags, not closed": lambda: '(tag:"vip" OR tag:"gold") AND NOT status:closed',
        "address": lambda: f'(email:"{values.email()}")',
        "word and dates": lambda: f"{values.word(0.02, 0.2)} createdAt:[{values.day()} TO *]",
    }


def customer_queries(values: Values) -> dict[str, Callable[[], str]]:
    """The same for customers."""
    return {
        "address": lambda: f'(email:"{values.email()}")',
        "part of an address": lambda: f"email:{values.email()[1:9]}",
        "names": lambda: '(firstName:"Jane" AND lastName:Smi*)',
        "free text": lambda: values.email().split("@")[0],
        "common first name": lambda: "firstName:Emma",
        "domain": lambda: f"emailDomain:{values.email().split('@')[1]}",
    }


class Asker:
    """Asks one account's lists, as its owner."""

    def __init__(self, pool: Any, place: ground.Ground) -> None:
        self.pool = pool
        self.place = place

    def _transactions(self) -> Transactions:
        # Anew for each query, so that nothing is remembered.
        return Transactions(self.pool, dear_reads=DearReads(limit_s=60))

    async def conversations(self, query: str) -> int:
        """The first page of every status; how many hits there are."""
        actor = Actor(account_id=self.place.account_id, kind="user", user_id=self.place.user_id)
        async with self._transactions().read() as tx:
            wanted = conversations.Filter(query=query)
            return (await conversations.list_conversations(tx, actor, wanted, PageRequest(1, 25))).total

    async def customers(self, query: str) -> int:
        """The first page; how many hits there are."""
        scope = Scope(self.place.account_id, self.place.user_id, None)
        async with self._transactions().read() as tx:
            filters = customers.CustomerFilters(query=query)
            order = customers.CustomerOrder(customers.CustomerSort.CREATED)
            return (await customers.list_customers(tx, scope, filters, order, PageRequest(1, 50))).total


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--runs", type=int, default=20, help="queries of each kind")
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--explain", action="store_true", help="show the slowest query of each kind")
    return parser.parse_args()


def at(times: list[float], share: float) -> float:
    """The time that this share of all stays below."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


async def measure(
    chosen: argparse.Namespace, table: Table, kinds: dict[str, Callable[[], str]], ask: Callable[[str], Awaitable[int]]
) -> list[float]:
    """A row for each kind; all times, in milliseconds."""
    everything: list[float] = []
    for kind, make in kinds.items():
        if chosen.only not in kind:
            continue
        times, totals, slowest = [], [], (0.0, "")
        # The first of each kind opens what the others find open.
        for query in [make() for _ in range(chosen.runs + 1)]:
            began = time.perf_counter()
            totals.append(await ask(query))
            times.append((time.perf_counter() - began) * 1000)
            slowest = max(slowest, (times[-1], query))
        times = times[1:]
        everything += times
        hits = sorted(totals)[len(totals) // 2]
        row = [kind, f"{hits:,}", f"{at(times, 0.5):.1f} ms", f"{at(times, 0.95):.1f} ms"]
        table.add_row(*row, f"{slowest[0]:.1f} ms: {slowest[1]}" if chosen.explain else "")
    return everything


async def values_of(pool: Any, account: int) -> Values:
    """Samples of what the account holds."""
    words = {row["word"]: row["share"] for row in await pool.fetch(_FREQUENCIES, account)}
    bodies = [row["body_text"] for row in await pool.fetch(_BODIES, account)]
    return Values(words, bodies, [row["email"] for row in await pool.fetch(_EMAILS, account)])


async def measure_size(chosen: argparse.Namespace, console: Console, place: ground.Ground) -> None:
    """The tables of one size."""
    async with await open_pool(place.dsn, max_size=2, statement_timeout_s=60) as pool:
        asker, values = Asker(pool, place), await values_of(pool, place.account_id)
        heads = ("query", "hits", "p50", "p95", "slowest" if chosen.explain else "")
        table = Table(*heads, title=f"{place.size:,} conversations")
        times = await measure(chosen, table, conversation_queries(values), asker.conversations)
        if times:
            table.add_row("all kinds alike", "", f"{at(times, 0.5):.1f} ms", f"{at(times, 0.95):.1f} ms")
        console.print(table, f"bar: p95 {BAR_MS.get(place.size, 100)} ms")
        if place.size >= CUSTOMERS_AT:
            table = Table(*heads, title="1,000,000 customers")
            await measure(chosen, table, customer_queries(values), asker.customers)
            console.print(table)


async def main() -> None:
    """Everything, as tables."""
    chosen = options()
    ground.FOLDER.mkdir(exist_ok=True)
    with await asyncio.to_thread(PrivatePostgres.start, ground.FOLDER / "postgres") as server:
        for size in chosen.sizes.split(","):
            await measure_size(chosen, Console(width=140), await ground.prepare(server, int(size)))


if __name__ == "__main__":
    uvloop.run(main())
