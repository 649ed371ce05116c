"""Many more random queries than a test run has time for:

    cd server && python -m tests.domains.search_fuzz --cases 100000

Compares PostgreSQL with the plain Python model, sends noise, and parses megabytes with the limits taken off. Starts a
PostgreSQL of its own. Ends with the first query that breaks a promise, made as small as can be; a seed repeats a run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.domains import search_queries as queries
from tests.domains.search_desk import SearchDesk, opened
from waypost.kit import migrations
from waypost.kit.errors import BadParameter
from waypost.kit.private_postgres import Options, PrivatePostgres
from waypost.kit.search_query import Limits, parse

MEGABYTE = 2**20
SIGNS = (
    "(",
    ")",
    '"',
    "\\",
    "*",
    "?",
    "-",
    "NOT ",
    " OR ",
    " AND ",
    "a:",
    "[1 TO 2]",
    "{",
    " ",
    "a",
    "~1",
    "\u00e9",
    "\t",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="of each of the three kinds")
    parser.add_argument("--megabytes", type=int, default=20, help="how many texts of that size to parse")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def many(options: argparse.Namespace, wanted: st.SearchStrategy[str], check: Callable[[str], None]) -> None:
    """Check that many queries; the clock and a census of what they found go to the screen."""

    @seed(options.seed)
    @settings(
        max_examples=options.cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(query=wanted)
    def run(query: str) -> None:
        check(query)

    run()


def counted(desk: SearchDesk, census: Counter[str], check: Callable[[SearchDesk, str], None]) -> Callable[[str], None]:
    find, find_customers = desk.find, desk.find_customers

    def one(query: str) -> None:
        outcome = "unread or refused"

        def seen(found: set[int], everything: int) -> set[int]:
            nonlocal outcome
            outcome = "none" if not found else "all" if len(found) == everything else "some"
            return found

        desk.find = lambda node: seen(find(node), len(desk.conversations))  # type: ignore[method-assign]
        desk.find_customers = lambda node: seen(find_customers(node), len(desk.customers))  # type: ignore[method-assign]
        check(desk, query)
        census[outcome] += 1

    return one


def megabytes(options: argparse.Namespace) -> None:
    """The parser alone: hostile texts of a megabyte, in a time that grows with their length only."""
    dice = random.Random(options.seed)
    limits = Limits(length=MEGABYTE, clauses=MEGABYTE, nesting=20)
    for _ in range(options.megabytes):
        few = dice.choices(SIGNS, k=dice.randint(1, 4))
        text = "".join(dice.choices(few, k=MEGABYTE))[:MEGABYTE]
        times = []
        for part in (text[: MEGABYTE // 2], text):
            began = time.process_time()
            try:
                parse(part, limits)
                outcome = "read"
            except BadParameter as refused:
                outcome = refused.errors[0].message
            times.append(time.process_time() - began)
        print(f"{few!r}: {times[0]:.3f} s for half of it, {times[1]:.3f} s for all; {outcome}", flush=True)


def main() -> None:
    options = arguments()
    print(f"seed {options.seed}", flush=True)
    megabytes(options)
    kinds = {
        "conversations": (queries.conversation_queries, queries.check_conversations),
        "customers": (queries.customer_queries, queries.check_customers),
        "noise": (queries.noise, queries.check_noise),
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with PrivatePostgres.start(Path(folder) / "postgres", Options(durable=False)) as server:
            asyncio.run(migrations.upgrade(server.dsn()))
            with opened(server.dsn()) as desk:
                queries.fill(desk)
                for name, (wanted, check) in kinds.items():
                    census: Counter[str] = Counter()
                    many(options, wanted, counted(desk, census, check))
                    print(f"{name}: {dict(census)}", flush=True)


if __name__ == "__main__":
    main()
