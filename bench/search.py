"""How long the query language takes on an account that `generate.py` made.

    python bench/search.py DSN --account 1

Each kind of query is asked with many different values, as a list asks it: the newest 25 of the active conversations or
of all, and how many there are in all. Prints milliseconds; `--explain` adds the plan of the slowest.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from generation.rows import INCIDENTS
from generation.words import invented_word

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from waypost.domains.conversations import search as conversations
from waypost.domains.customers import search as customers
from waypost.kit.db import connect
from waypost.kit.search_query import parse

_TALKS = "from conversation c where c.account_id = $1 and c.state = 'published'"
_PEOPLE = "from customer where customer.account_id = $1 and customer.state = 'active'"
_FREQUENCIES = """
select substr(word, strpos(word, 'x') + 1) as word, share from (
  select unnest(most_common_elems::text::text[]) as word, unnest(most_common_elem_freqs) as share
  from pg_stats where tablename = 'conversation_search' and attname = 'document') known
where word like 'b' || $1::bigint || 'x_%'
"""


class Values:
    """Words, addresses and dates of the account to ask for."""

    def __init__(self, dice: random.Random, words: dict[str, float], bodies: list[str], emails: list[str]) -> None:
        self.dice = dice
        self.words = words
        self.bodies = [body for body in bodies if len(body.split()) > 12]
        self.emails = emails

    def word(self, least: float, most: float) -> str:
        """A word that stands in that share of the conversations."""
        return self.dice.choice(
            [word for word, share in self.words.items() if least <= share < most and word.isalpha()]
        )

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

    def day(self) -> datetime:
        """A day of the last two years."""
        return datetime.now(UTC) - timedelta(days=self.dice.randrange(30, 700))


def conversation_queries(values: Values) -> dict[str, Callable[[], str]]:
    """Kinds of queries, each made anew with every call."""
    day = "%Y-%m-%d"
    return {
        "rare word": values.rare,
        "word in 0.5-1 %": lambda: values.word(0.005, 0.01),
        "word in 2-5 %": lambda: values.word(0.02, 0.05),
        "word in 10-50 %": lambda: values.word(0.1, 0.5),
        "three common words": lambda: " ".join(values.word(0.05, 0.5) for _ in range(3)),
        "common and rare word": lambda: f"{values.word(0.1, 0.5)} {values.rare()}",
        "beginning of a word": lambda: f"{values.rare()[:5]}*",
        "body phrase": lambda: f'(body:"{values.phrase()}")',
        "subject word": lambda: f'(subject:"{values.word(0.01, 0.05)}")',
        "common tag": lambda: f'(tag:"{values.dice.choice(("vip", "gold", "urgent"))}")',
        "rare tag": lambda: f'(tag:"topic {values.dice.randrange(150, 185)}")',
        "tags, not closed": lambda: '(tag:"vip" OR tag:"gold") AND NOT status:closed',
        "address": lambda: f'(email:"{values.email()}")',
        "address, negated": lambda: f'(NOT email:"{values.email()}")',
        "addresses of a domain": lambda: f"(email:*@{values.email().split('@')[1]})",
        "word and dates": lambda: f"{values.word(0.02, 0.2)} createdAt:[{values.day():{day}} TO *]",
        "assigned, with file": lambda: '(assigned:"Jane Smith" AND attachments:true)',
        "dates": lambda: f"(modifiedAt:[{values.day():{day}} TO {values.day():{day}}])",
        "word of one outage": lambda: f"outage{invented_word(values.dice.randrange(1, INCIDENTS))}",
    }


def customer_queries(values: Values) -> dict[str, Callable[[], str]]:
    """The same for customers."""
    return {
        "customer: address": lambda: f'(email:"{values.email()}")',
        "customer: part of an address": lambda: f"email:{values.email()[1:7]}",
        "customer: common part": lambda: "email:example",
        "customer: name": lambda: '(firstName:"Jane" AND lastName:Smi*)',
        "customer: free text": lambda: f"{values.email().split('@')[0]}",
        "customer: domain": lambda: f"emailDomain:{values.email().split('@')[1]}",
    }


async def values_of(connection: Any, account: int, dice: random.Random) -> Values:
    """Samples of what the account holds."""
    words = {row["word"]: row["share"] for row in await connection.fetch(_FREQUENCIES, account)}
    bodies = await connection.fetch(
        "select body_text from thread tablesample system (0.2)"
        " where account_id = $1 and state = 'published' limit 5000",
        account,
    )
    emails = await connection.fetch(
        "select email from customer where account_id = $1 order by id desc limit 5000", account
    )
    return Values(dice, words, [row["body_text"] for row in bodies], [row["email"] for row in emails])


async def timed(connection: Any, sql: str, arguments: list[Any]) -> tuple[float, Any]:
    """Milliseconds, and what came back."""
    began = time.perf_counter()
    rows = await connection.fetch(sql, *arguments)
    return (time.perf_counter() - began) * 1000, rows


async def measure(connection: Any, options: argparse.Namespace, kind: str, make: Callable[[], str]) -> None:
    """One line of the table."""
    compile_, base = (customers.compile, _PEOPLE) if kind.startswith("customer") else (conversations.compile, _TALKS)
    row = "customer" if kind.startswith("customer") else "c"
    views = (
        {"page": "", "total": ""}
        if row == "customer"
        else {"active": " and c.status = 'active'", "page": "", "total": ""}
    )
    times: dict[str, list[float]] = {view: [] for view in views}
    totals, slowest = [], (0.0, "", "", [])
    for _ in range(options.runs):
        query = make()
        condition = compile_(parse(query), 1)
        for view, narrow in views.items():
            tail = "" if view == "total" else f" order by {row}.created_at desc limit 25"
            what = "count(*)" if view == "total" else f"{row}.id"
            sql = f"select {what} {base}{narrow} and {condition.sql}{tail}"
            arguments = [options.account, *condition.arguments]
            took, rows = await timed(connection, sql, arguments)
            times[view].append(took)
            slowest = max(slowest, (took, query, sql, arguments), key=lambda known: known[0])
            if view == "total":
                totals.append(rows[0][0])
    cells = [f"{at(times[view], 0.5):8.1f} {at(times[view], 0.95):8.1f}" for view in views]
    print(f"{kind:30}{sorted(totals)[len(totals) // 2]:8}  {'  '.join(cells):>55}", flush=True)
    if options.explain:
        print(f"    {slowest[0]:.1f} ms: {slowest[1]}")
        for line in await connection.fetch(
            f"explain (analyze, costs, timing off, summary off) {slowest[2]}", *slowest[3]
        ):
            print("   ", line[0])


def at(times: list[float], share: float) -> float:
    """The time that this share of all stays below."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


async def main() -> None:
    """Ask everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dsn")
    parser.add_argument("--account", type=int, default=1)
    parser.add_argument("--runs", type=int, default=30, help="queries of each kind")
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    async with connect(options.dsn) as connection:
        values = await values_of(connection, options.account, random.Random(options.seed))
        heads = "  ".join(f"{head:>8} {'p95':>8}" for head in ("active", "all p50", "total"))
        print(f"{'':30}{'hits':>8}  {heads:>55}")
        for kind, make in (conversation_queries(values) | customer_queries(values)).items():
            if options.only in kind:
                try:
                    await measure(connection, options, kind, make)
                except asyncpg.QueryCanceledError:
                    print(f"{kind:30} cancelled", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
