"""How long the query language takes on an account that `generate.py` made.

    python bench/search.py DSN --account 1

Each kind of query is asked with many different values, as a list asks it: the newest 25 and how many there are in all,
of the active conversations and of all. Prints milliseconds (median and 95 of 100); `--explain` adds the plan of the
slowest. The last columns are for comparison: the page and the total in statements of their own.
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


def statements(row: str, base: str, condition: str) -> dict[str, str]:
    """The ways to ask: for both at once, and for page and total apart."""

    def both(narrow: str) -> str:
        return (
            f"with hits as materialized (select {row}.id, {row}.created_at {base}{narrow} and {condition}) "
            "select (select count(*) from hits) as total, id from hits order by created_at desc limit 25"
        )

    return {
        "active": both(" and c.status = 'active'" if row == "c" else " and false"),
        "all": both(""),
        "page": f"select {row}.id {base} and {condition} order by {row}.created_at desc limit 25",
        "total": f"select count(*) as total {base} and {condition}",
    }


async def measure(connection: Any, options: argparse.Namespace, kind: str, make: Callable[[], str]) -> list[float]:
    """One line of the table; the times of the list of all."""
    is_customer = kind.startswith("customer")
    row, base = ("customer", _PEOPLE) if is_customer else ("c", _TALKS)
    compile_ = customers.compile if is_customer else conversations.compile
    times: dict[str, list[float]] = {}
    totals, slowest = [], (0.0, "", "", [])
    for _ in range(options.runs):
        query = make()
        condition = compile_(parse(query), 1)
        arguments = [options.account, *condition.arguments]
        for view, sql in statements(row, base, condition.sql).items():
            took, rows = await timed(connection, sql, arguments)
            times.setdefault(view, []).append(took)
            if view == "total":
                totals.append(rows[0]["total"])
            elif view == "all":
                slowest = max(slowest, (took, query, sql, arguments), key=lambda known: known[0])
    cells = "  ".join(f"{at(times[view], 0.5):8.1f} {at(times[view], 0.95):8.1f}" for view in times)
    print(f"{kind:30}{sorted(totals)[len(totals) // 2]:8}  {cells}", flush=True)
    if options.explain:
        print(f"    {slowest[0]:.1f} ms: {slowest[1]}")
        for line in await connection.fetch(
            f"explain (analyze, costs, timing off, summary off) {slowest[2]}", *slowest[3]
        ):
            print("   ", line[0])
    return times["all"]


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
        heads = "  ".join(f"{head:>8} {'p95':>8}" for head in ("active", "all", "page", "total"))
        print(f"{'':30}{'hits':>8}  {heads}")
        times = []
        for kind, make in (conversation_queries(values) | customer_queries(values)).items():
            if options.only in kind:
                try:
                    times += await measure(connection, options, kind, make)
                except asyncpg.QueryCanceledError:
                    print(f"{kind:30} cancelled", flush=True)
        print(f"{'every kind alike':38}  {'':17}  {at(times, 0.5):8.1f} {at(times, 0.95):8.1f}")


if __name__ == "__main__":
    asyncio.run(main())
