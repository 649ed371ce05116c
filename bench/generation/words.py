"""Text for generated conversations: sentences that follow the word statistics of real support talk.

The statistics come from the demo's conversations where they are at hand, else from an invented vocabulary whose word
frequencies fall as they do in a language (Zipf).
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import defaultdict
from pathlib import Path

DEMO_DATA = Path(__file__).parents[2] / "server" / "waypost" / "demo" / "data"
SENTENCES = 40_000
FEWEST_REAL_WORDS = 20_000
RARE_WORDS = 400_000
SYLLABLES = (
    "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu "
    "ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo vu za ze zi zo zu ran ten lin mor sul"
).split()

_TAG = re.compile(r"<[^>]*>|&[a-z#0-9]+;|https?://\S+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[\w'@./-]+[,;:.!?]?")


def invented_word(index: int) -> str:
    """The same pronounceable word for the same number; different numbers give different words."""
    letters = []
    index += len(SYLLABLES)
    while index:
        index, place = divmod(index, len(SYLLABLES))
        letters.append(SYLLABLES[place])
    return "".join(letters)


class Sentences:
    """A pool of sentences to draw texts from; the same seed gives the same pool."""

    def __init__(self, randomness: random.Random, demo_data: Path = DEMO_DATA) -> None:
        self._random = randomness
        chain = _chain(_real_sentences(demo_data))
        if sum(len(followers) for followers in chain.values()) < FEWEST_REAL_WORDS:
            chain = _zipf_chain(randomness)
        self._pool = [_walk(chain, randomness) for _ in range(SENTENCES)]

    def body(self, fewest: int, most: int) -> str:
        """That many sentences, and one word that hardly any other text has."""
        chosen = self._random.choices(self._pool, k=self._random.randint(fewest, most))
        chosen.append(f"Reference {invented_word(self._random.randrange(RARE_WORDS))}.")
        return " ".join(chosen)

    def subject(self) -> str:
        """The beginning of a sentence."""
        return " ".join(self._random.choice(self._pool).split(" ", 8)[: self._random.randint(3, 8)]).rstrip(".,;:")


def _real_sentences(folder: Path) -> list[list[str]]:
    sentences = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                for message in json.loads(line).get("messages", ()):
                    text = _TAG.sub(" ", message.get("html") or message.get("text") or "")
                    sentences += [_WORD.findall(sentence) for sentence in _SENTENCE_END.split(text)]
    return [sentence for sentence in sentences if len(sentence) > 2]


def _chain(sentences: list[list[str]]) -> dict[str, list[str]]:
    """For each word what has followed it, as often as it did; "" begins and ends a sentence."""
    chain: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        for word, follower in zip(["", *sentence], [*sentence, ""], strict=True):
            chain[word].append(follower)
    return chain


def _zipf_chain(randomness: random.Random) -> dict[str, list[str]]:
    words = [invented_word(index) for index in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn = randomness.choices(words, weights, k=200_000)
    return _chain([drawn[start : start + 12] for start in range(0, len(drawn), 12)])


def _walk(chain: dict[str, list[str]], randomness: random.Random, longest: int = 24) -> str:
    words: list[str] = []
    word = randomness.choice(chain[""])
    while word and len(words) < longest:
        words.append(word)
        word = randomness.choice(chain[word])
    return " ".join(words)
