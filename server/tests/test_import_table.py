"""The table of what becomes of a folder of mail: nothing is lost, and every line has a reason that can be checked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIL = Path(__file__).parent / "data" / "mail"


def printed(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    result = subprocess.run(
        [sys.executable, "-m", "bench.import_table", str(folder), *words],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def rows(text: str) -> dict[str, dict[str, int]]:
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|") and "---" not in line]
    names = table[0][1:]
    return {row[0]: dict(zip(names, map(int, row[1:]), strict=True)) for row in table[1:]}


@pytest.fixture(scope="module")
def corpus() -> str:
    return printed(MAIL, "--reasons")


def test_every_message_of_the_corpus_is_read_and_none_is_lost(corpus: str) -> None:
    counted = rows(corpus)["**all**"]
    files = [path for path in MAIL.rglob("*.eml") if path.is_file()]
    assert counted["messages"] == counted["parsed"] == counted["files"] == len(files)
    assert counted["not stored"] == 0
    stored = counted["threaded"] + counted["new conversations"] + counted["duplicates"]
    assert stored == counted["messages"]


def test_each_answer_that_began_a_conversation_has_a_reason(corpus: str) -> None:
    listed = corpus.partition("## Answers that began a conversation")[2].partition("\n## ")[0]
    reasons = re.findall(r"^- `(.+?)`: (.+)$", listed, re.MULTILINE)
    assert len(reasons) == rows(corpus)["**all**"]["answers that began a conversation"]
    # Capitals stand where the reason would be a defect: what it answers was there before it.
    assert [one for one in reasons if "REFERS TO" in one[1] or "NO MESSAGE LIKE IT" in one[1]] == []


def test_an_index_is_compared_and_disagreements_are_listed(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text("Subject: One\nFrom: a@example.org\nIn-Reply-To: <gone@example.org>\n\nWords\n")
    (tmp_path / "two.eml").write_text("Subject: Two\nFrom: a@example.org\n\nWords\n")
    (tmp_path / "replies").mkdir()
    (tmp_path / "replies" / "bare.eml").write_text("only words")
    index = [
        {"path": "set/one.eml", "features": ["plain", "threaded"], "attachments": 0, "subject": "One"},
        {"path": "set/two.eml", "features": ["plain", "threaded"], "attachments": 1, "subject": "Other"},
    ]
    (tmp_path / "index.jsonl").write_text("\n".join(json.dumps(one) for one in index))
    text = printed(tmp_path, "--reasons")
    assert "| threaded | names messages | 2 | 1 |" in text
    assert "| plain | has text | 2 | 2 |" in text
    for line in (
        "- `two.eml`: threaded: not so: names messages",
        "- `two.eml`: subject: 'Two', index: 'Other'",
        "- `two.eml`: files: 0, index: 1",
        "- `one.eml`: refers to messages that are not in the set: <gone@example.org>; its subject is that of no answer",
    ):
        assert line in text
    assert "bare.eml" not in text
