"""How long searches of a help center take: ten kinds of queries over 10,000 articles made from real ones.

    python -m bench.docs_search FOLDER                     a folder of Markdown or HTML files, varied to 10,000
    python -m bench.docs_search FOLDER --articles 1000     fewer of them
    python -m bench.docs_search FOLDER --database URL      on another PostgreSQL, whose database must be empty
    python -m bench.docs_relevance FOLDER                  whether what was meant is found

Each article is a real one whose sentences are mixed with those of others. Each kind is asked with many values in two
ways: as `GET /v1/search/articles` does (50 hits and the exact total of all sites of the account), and as the pages of
the help center do (20 hits that a visitor may see, the total, and what each says with the words marked); without HTTP.
The bar is 20 ms for 95 of 100 queries of every kind. Beside that stands the processor time of this program and of the
database together, which a busy machine lengthens less; it is left out where /proc does not tell it. The database is
made in a temporary folder and goes with it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
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
OF_API, OF_PAGES = PageRequest(1, 50), PageRequest(1, 20)


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
        self.titles = list(self._titles())
        self.sentences = [line for file in self.files for line in file.body.splitlines() if len(line.split()) > 4]
        counts: dict[str, int] = {}
        for file in self.files:
            for word in {word.lower() for word in file.body.split() if word.isalpha() and len(word) > 3}:
                counts[word] = counts.get(word, 0) + 1
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self.common, self.middle, self.rare = ranked[:60], ranked[60:600], ranked[600:]

    def _titles(self) -> Iterator[str]:
        """The titles; the second of the same name is told apart by its number."""
        known: set[str] = set()
        for number, file in enumerate(self.files):
            title = file.title[:240]
            if title.lower() in known:
                title = f"{title} {number}"
            known.add(title.lower())
            yield title

    def article(self, number: int) -> tuple[str, str]:
        """Title and text of an article: half its own, half of others."""
        file = self.files[number % len(self.files)]
        own = [line for line in file.body.splitlines() if self.dice.random() < 0.7]
        mixed = [*own, *self.dice.sample(self.sentences, 12)]
        return f"{file.title} {number}", "\n\n".join(mixed)

    def real(self, number: int) -> tuple[str, str]:
        """Title and text of an article as it is."""
        return self.titles[number], self.files[number].body

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


async def fill(transactions: Transactions, count: int, article: Callable[[int], tuple[str, str]]) -> SearchScope:
    """An account with one site of so many articles, whose titles and texts `article` gives."""
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
                name, text = article(number)
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


class Timer:
    """Times searches on the wall and, where the system tells it, on the processor."""

    def __init__(self, backend: int) -> None:
        self.path = Path(f"/proc/{backend}/schedstat")
        self.wall: list[float] = []
        self.busy: list[float] = []

    def _busy(self) -> float:
        with suppress(OSError, ValueError, IndexError):
            return int(self.path.read_text().split()[0]) / 1e6 + time.process_time() * 1000
        return 0.0

    async def time(self, search: Awaitable[int]) -> int:
        """Run one search and keep how long it took."""
        busy, began = self._busy(), time.perf_counter()
        total = await search
        self.wall.append((time.perf_counter() - began) * 1000)
        self.busy.append(self._busy() - busy)
        return total


def at(values: list[float], share: float) -> float:
    """The value that so large a share does not exceed."""
    return sorted(values)[max(0, int(len(values) * share) - 1)]


async def measure(transactions: Transactions, texts: Texts, scope: SearchScope, runs: int) -> Table:
    """Ask, and tell how long it took."""
    heads = ("query", "hits", "API median ms", "p95", "CPU p95", "pages median ms", "p95", "CPU p95")
    table = Table(*heads, title="Searches of a help center")
    actor, account = Actor.system(scope.account_id), SearchScope(account_id=scope.account_id)
    worst = 0.0
    async with transactions.read() as tx:
        backend = await tx.connection.fetchval("select pg_backend_pid()")

        async def of_api(query: str) -> int:
            return (await docs.search_articles(tx, actor, query, account, OF_API)).total

        async def of_pages(query: str) -> int:
            hits = await docs.search(tx, query, scope, OF_PAGES)
            await docs.highlights(tx, scope, hits.corrected or query, hits.items)
            return hits.total

        for name, ask in kinds(texts).items():
            queries = [ask() for _ in range(runs)]
            cells: list[str] = []
            totals: list[float] = []
            for search in (of_api, of_pages):
                for query in queries[:5]:
                    await search(query)
                timer = Timer(backend)
                totals = [await timer.time(search(query)) for query in queries]
                worst = max(worst, at(timer.wall, 0.95))
                cells += [f"{at(timer.wall, 0.5):.1f}", f"{at(timer.wall, 0.95):.1f}", f"{at(timer.busy, 0.95):.1f}"]
            table.add_row(name, f"{at(totals, 0.5):.0f}", *cells)
    table.caption = f"worst p95 {worst:.1f} ms, bar {BAR_MS:.0f} ms: {'held' if worst <= BAR_MS else 'MISSED'}"
    return table


async def run(dsn: str, root: Path, count: int, runs: int) -> None:
    """Fill, measure, print."""
    await migrations.upgrade(dsn)
    texts = Texts(root)
    async with await open_pool(dsn, max_size=2) as pool:
        transactions = Transactions(pool)
        scope = await fill(transactions, count, texts.article)
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
