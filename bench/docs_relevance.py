"""Whether searches of a help center find what was meant: queries made from real articles, each of which ought to be
among the first five hits of its query.

    python -m bench.docs_relevance FOLDER                  a folder of Markdown or HTML files
    python -m bench.docs_relevance FOLDER --missed         also print what was not found

The same folder gives the same queries. Needs no quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from bench.docs_search import Texts, fill
from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.domains.docs.words import words_of
from waypost.kit import migrations
from waypost.kit.db import open_pool
from waypost.kit.html import clean_html_to_text
from waypost.kit.paging import PageRequest
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.tx import Transactions

FIRST = 5
OF_EACH_KIND = 80
_NOT_ENGLISH = re.compile(r"[^\x00-\u024f]|[ßäöüàèìòùãõçêô]", re.IGNORECASE)
_SMALL = frozenset("a an and are as at be by can do for from how i if in into is it my not of on or that the this to"
                   " use using with what when you your".split())  # fmt: skip


class Wanted(msgspec.Struct, frozen=True):
    """A query and the title that it ought to find."""

    query: str
    title: str


class Questions:
    """Makes queries from articles: words of the title or of the text, cut, mistaken, quoted."""

    def __init__(self, texts: Texts) -> None:
        self.dice = random.Random(7)
        self.files, self.real = texts.files, texts.titles
        self.titles = [[word for word in words_of(file.title) if word not in _SMALL] for file in self.files]
        self.bodies = [words_of(clean_html_to_text(file.body)) for file in self.files]
        self.counts = [Counter(body) for body in self.bodies]
        self.spread = Counter(word for count in self.counts for word in count)
        self.is_foreign = [len(_NOT_ENGLISH.findall(file.body)) > 20 + len(file.body) / 200 for file in self.files]

    def kinds(self) -> dict[str, Callable[[int], str | None]]:
        """How a query is made from the article of that index; None where it has none of the kind."""
        return {
            "the title": lambda index: self.files[index].title,
            "two words of the title": lambda index: self._rare(index, 2),
            "a question": lambda index: self._with("how do i ", self._rare(index, 3)),
            "the beginning of a title": self._beginning,
            "words still being typed": self._typed,
            "a slip in a title word": self._slip,
            "a title in quotes": lambda index: self._with('"', " ".join(words_of(self.files[index].title)), '"'),
            "the word a text is about": self._subject,
            "words of a text": lambda index: " ".join(self._telling(index, 3)) or None,
            "a phrase of a text": self._phrase,
            "a title in another language": self._foreign,
        }

    def of_kind(self, make: Callable[[int], str | None]) -> Iterator[Wanted]:
        """Queries of one kind, about articles drawn by lot."""
        order = list(range(len(self.files)))
        self.dice.shuffle(order)
        made = 0
        for index in order:
            query = make(index)
            if query and made < OF_EACH_KIND:
                made += 1
                yield Wanted(query, self.real[index])

    def _rare(self, index: int, count: int) -> str | None:
        words = sorted(dict.fromkeys(self.titles[index]), key=lambda word: (self.spread[word], word))[:count]
        self.dice.shuffle(words)
        return " ".join(words) if len(words) == count else None

    @staticmethod
    def _with(before: str, text: str | None, after: str = "") -> str | None:
        return f"{before}{text}{after}" if text else None

    def _beginning(self, index: int) -> str | None:
        words = words_of(self.files[index].title)
        return " ".join(words[:3]) if len(words) > 3 else None

    def _typed(self, index: int) -> str | None:
        words = [word for word in self.titles[index] if len(word) > 5]
        if len(words) < 2 or self.is_foreign[index]:
            return None
        return f"{words[0]} {words[-1][: max(3, len(words[-1]) * 2 // 3)]}"

    def _slip(self, index: int) -> str | None:
        words = [word for word in self.titles[index] if len(word) > 5 and word.isascii() and word.isalpha()]
        if len(words) < 2:
            return None
        at = self.dice.randrange(1, len(words[0]) - 1)
        wrong = self.dice.choice([
            words[0][:at] + words[0][at + 1 :],
            words[0][:at] + words[0][at + 1] + words[0][at] + words[0][at + 2 :],
            words[0][:at] + self.dice.choice("aeioutrnslm") + words[0][at + 1 :],
        ])  # fmt: skip
        return f"{wrong} {words[1]}"

    def _telling(self, index: int, count: int) -> list[str]:
        """The words that say the most about a text and do not stand in its title."""
        weights = {
            word: times * math.log(len(self.files) / self.spread[word])
            for word, times in self.counts[index].items()
            if len(word) > 3 and word.isalpha() and word not in self.titles[index] and self.spread[word] > 1
        }
        found = sorted(weights, key=lambda word: (-weights[word], word))[:count]
        return found if len(found) == count else []

    def _subject(self, index: int) -> str | None:
        """The most telling word, where no other text of the length says it more."""
        for word in self._telling(index, 1):
            share = self.counts[index][word] / len(self.bodies[index])
            others = [
                count[word] / len(body) for count, body in zip(self.counts, self.bodies, strict=True) if word in count
            ]
            is_in_titles = any(word in title for title in self.titles)
            return word if share >= max(others) and not is_in_titles and self.counts[index][word] > 3 else None
        return None

    def _phrase(self, index: int) -> str | None:
        """Four words in a row that few texts hold."""
        body = self.bodies[index]
        for _ in range(5):
            at = self.dice.randrange(max(1, len(body) - 4))
            words = body[at : at + 4]
            if len(words) == 4 and min(self.spread[word] for word in words) <= 3:
                return '"' + " ".join(words) + '"'
        return None

    def _foreign(self, index: int) -> str | None:
        return self.files[index].title if self.is_foreign[index] else None


async def measure(transactions: Transactions, texts: Texts, scope: SearchScope, *, is_telling: bool) -> Table:
    """Ask, and tell how often the right article was among the first."""
    table = Table("query", "asked", f"recall@{FIRST}", "first", title="What searches of a help center find")
    questions, asked, found = Questions(texts), 0, 0
    for name, make in questions.kinds().items():
        places = []
        for wanted in questions.of_kind(make):
            async with transactions.read() as tx:
                hits = await docs.search(tx, wanted.query, scope, PageRequest(1, FIRST))
            names = [hit.name for hit in hits.items]
            places.append(names.index(wanted.title) + 1 if wanted.title in names else 0)
            if is_telling and not places[-1]:
                print(f"{name}: {wanted.query} -> {wanted.title} ({hits.total} hits, first {names[:2]})")
        if not places:
            continue
        good = sum(1 for place in places if place)
        asked, found = asked + len(places), found + good
        of = len(places)
        table.add_row(name, str(len(places)), f"{good / of:.3f}", f"{places.count(1) / of:.3f}")
    table.caption = f"recall@{FIRST} of all {found / max(1, asked):.3f} ({asked} queries)"
    return table


async def run(dsn: str, root: Path, *, is_telling: bool) -> None:
    """Fill with the articles as they are, ask, print."""
    await migrations.upgrade(dsn)
    texts = Texts(root)
    async with await open_pool(dsn, max_size=2) as pool:
        transactions = Transactions(pool)
        scope = await fill(transactions, len(texts.files), texts.real)
        Console().print(await measure(transactions, texts, scope, is_telling=is_telling))


async def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", action="store_true")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as data,
        await asyncio.to_thread(PrivatePostgres.start, Path(data) / "postgres") as server,
    ):
        await run(server.dsn("waypost"), args.folder, is_telling=args.missed)


if __name__ == "__main__":
    uvloop.run(main())
