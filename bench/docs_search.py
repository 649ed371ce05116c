"""How long searches of a help center take: ten kinds of queries over 10,000 articles made from real ones.

    python -m bench.docs_search FOLDER                     a folder of Markdown or HTML files, varied to 10,000
    python -m bench.docs_search FOLDER --articles 1000     fewer of them
    python -m bench.docs_search FOLDER --database URL      on another PostgreSQL, whose database must be empty

Each article is a real one whose sentences are mixed with those of others. Each kind is asked with many values: a page
of 50 and the exact total, by the verb that `GET /v1/search/articles` calls, without HTTP, as a visitor sees the site.
The bar is 20 ms for 95 of 100 queries of every kind. The database is made in a temporary folder and goes with it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.docs import (
    Addresses,
    ArticleChange,
    ArticleStatus,
    CollectionChange,
    SearchScope,
    SiteFields,
    SiteLook,
)
from waypost.edges.docs_files import folder
from waypost.kit import migrations
from waypost.kit.db import open_pool
from waypost.kit.paging import PageRequest
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.tx import Transactions

BAR_MS = 20.0
BATCH = 100
PAGE = PageRequest(1, 50)


class Texts:
    """Real texts, and what to ask for; the same folder gives the same ones."""

    def __init__(self, root: Path) -> None:
        self.dice = random.Random(1)
        self.files = []
        for path in folder.files_of(root):
            try:
                self.files.append(folder.read(root, path, "Articles"))
            except folder.BadFile:
                continue
        if len(self.files) < 10:
            raise SystemExit(f"{root} holds fewer than ten articles")
        self.sentences = [line for file in self.files for line in file.body.splitlines() if len(line.split()) > 4]
        counts: dict[str, int] = {}
        for file in self.files:
            for word in {word.lower() for word in file.body.split() if word.isalpha() and len(word) > 3}:
                counts[word] = counts.get(word, 0) + 1
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self.common, self.middle, self.rare = ranked[:60], ranked[60:600], ranked[600:]

    def article(self, number: int) -> tuple[str, str]:
        """Title and text of an article: half its own, half of others."""
        file = self.files[number % len(self.files)]
        own = [line for line in file.body.splitlines() if self.dice.random() < 0.7]
        mixed = [*own, *self.dice.sample(self.sentences, 12)]
        return f"{file.title} {number}", "\n\n".join(mixed)

    def phrase(self) -> str:
        """Three words in a row that stand somewhere."""
        words = [word for word in self.dice.choice(self.sentences).split() if word.isalpha()]
        return " ".join(words[:3])

    def slip(self, word: str) -> str:
        """The word with one letter wrong."""
        at = self.dice.randrange(1, len(word) - 1)
        return word[:at] + self.dice.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]


def kinds(texts: Texts) -> dict[str, Callable[[], str]]:
    """What is asked for, by its name."""
    dice = texts.dice
    return {
        "a rare word": lambda: dice.choice(texts.rare),
        "a word of some articles": lambda: dice.choice(texts.middle),
        "a word of nearly all": lambda: dice.choice(texts.common),
        "two words": lambda: f"{dice.choice(texts.middle)} {dice.choice(texts.common)}",
        "a question": lambda: f"how do I {dice.choice(texts.middle)} my {dice.choice(texts.middle)}",
        "the beginning of a word": lambda: dice.choice(texts.middle)[:4],
        "two letters": lambda: dice.choice(texts.common)[:2],
        "a title": lambda: dice.choice(texts.files).title,
        "a phrase": lambda: f'"{texts.phrase()}"',
        "a slip of the pen": lambda: texts.slip(dice.choice([word for word in texts.middle if len(word) > 5])),
    }


async def fill(transactions: Transactions, texts: Texts, count: int) -> SearchScope:
    """An account with one site of so many articles."""
    async with transactions.open() as tx:
        account_id = await tx.connection.fetchval("insert into account (name) values ('Bench') returning id")
        actor = Actor.system(account_id)
        fields = SiteFields(sub_domain="bench", language="english", look=SiteLook(title="Bench"))
        site = await docs.create_site(tx, actor, Addresses("http", "localhost"), fields)
        collection = await docs.create_collection(tx, actor, site.id, CollectionChange(name="Articles"))
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        async with transactions.open() as tx:
            for number in range(start, min(count, start + BATCH)):
                name, text = texts.article(number)
                change = ArticleChange(
                    collection_id=collection.id, name=name[:250], text=text, status=ArticleStatus.PUBLISHED
                )
                made = await docs.create_article(tx, actor, change, "import")
                await docs.insight.note_view(tx, account_id, made.article.id, 1 + number % 97)
        print(f"\r{min(count, start + BATCH)} of {count} articles", end="", file=sys.stderr, flush=True)
    speed = count / (time.perf_counter() - began)
    print(f": {speed:.0f} a second", file=sys.stderr)
    async with transactions.pool.acquire() as connection:
        await connection.execute("vacuum analyze")
    return SearchScope(account_id=account_id, site_id=site.id, is_public=True)


async def measure(transactions: Transactions, texts: Texts, scope: SearchScope, runs: int) -> Table:
    """Ask, and tell how long it took."""
    table = Table("query", "hits (median)", "median ms", "p95 ms", "slowest ms", title="Searches of a help center")
    worst = 0.0
    for name, ask in kinds(texts).items():
        taken, totals = [], []
        for turn in range(runs + 5):
            query = ask()
            async with transactions.read() as tx:
                began = time.perf_counter()
                hits = await docs.search(tx, query, scope, PAGE)
                elapsed = (time.perf_counter() - began) * 1000
            if turn >= 5:
                taken.append(elapsed)
                totals.append(hits.total)
        taken.sort()
        totals.sort()
        p95 = taken[int(len(taken) * 0.95) - 1]
        worst = max(worst, p95)
        row = (f"{taken[len(taken) // 2]:.1f}", f"{p95:.1f}", f"{taken[-1]:.1f}")
        table.add_row(name, str(totals[len(totals) // 2]), *row)
    table.caption = f"worst p95 {worst:.1f} ms, bar {BAR_MS:.0f} ms: {'held' if worst <= BAR_MS else 'MISSED'}"
    return table


async def run(dsn: str, root: Path, count: int, runs: int) -> None:
    """Fill, measure, print."""
    await migrations.upgrade(dsn)
    texts = Texts(root)
    async with await open_pool(dsn, max_size=2) as pool:
        transactions = Transactions(pool)
        scope = await fill(transactions, texts, count)
        Console().print(await measure(transactions, texts, scope, runs))


async def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--database", default="")
    args = parser.parse_args()
    if args.database:
        await run(args.database, args.folder, args.articles, args.runs)
        return
    with (
        tempfile.TemporaryDirectory() as data,
        await asyncio.to_thread(PrivatePostgres.start, Path(data) / "postgres") as server,
    ):
        await run(server.dsn("waypost"), args.folder, args.articles, args.runs)


if __name__ == "__main__":
    uvloop.run(main())
