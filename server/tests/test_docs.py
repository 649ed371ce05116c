"""That what the documentation names is there: files, links, settings, dependencies, tests."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")])
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
#: A code span that is a path: plain characters with a slash or a known ending, perhaps with the name of a test.
PATH = re.compile(r"(?P<path>\.?\w[\w.-]*(?:/[\w.-]+)*/?)(?:::(?P<test>\w+))?")
ENDINGS = (".py", ".sql", ".md", ".toml", ".txt", ".sh", ".html", ".css", ".js")
#: Where a shortened path may begin.
BEGINNINGS = ("", "server/waypost/")
FOLDERS = ("server", "docs", "bench", "scripts", "spec", "web", "requirements", "changes", "kit", "domains", "edges")
DECISION = re.compile(r"docs/[\w/.-]+\.md")
DEPENDENCY_ROW = re.compile(r"^\| ([\w.-]+) \| (\S+) \| ([^|]+) \| [^|]+ \|", re.MULTILINE)
SETTING_ROW = re.compile(r"^\| `WAYPOST_(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
MOST_IMAGE_BYTES = 300_000


def prose_of(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def file_names() -> frozenset[str]:
    folders = ("server", "docs", "bench", "scripts", "changes")
    return frozenset(path.name for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())


def is_there(path: str) -> bool:
    if "/" not in path:
        return path in file_names() or (ROOT / path).exists()
    return any((ROOT / beginning / path).exists() for beginning in BEGINNINGS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_is_named_exists(page: Path) -> None:
    missing = []
    for span in CODE.findall(prose_of(page)):
        found = PATH.fullmatch(span)
        if found is None:
            continue
        path, test = found["path"], found["test"]
        is_path = path.split("/")[0] in FOLDERS and "/" in path
        if (is_path or path.endswith(ENDINGS)) and not is_generated(path) and not is_there(path):
            missing.append(path)
        if test is not None and test not in functions_in(path):
            missing.append(span)
    assert not missing


def is_generated(path: str) -> bool:
    """What is there only after something was run."""
    return (
        path.startswith(("bench/results", "spec/wire"))
        or "NNNN" in path
        or path in ("jobs.py", "inbox_v2-snooze-until.md")
    )


@cache
def functions_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(prose_of(page)) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_a_missing_path_or_test_is_noticed() -> None:
    assert not is_there("server/waypost/nowhere.py")
    assert not is_there("kit/nowhere.py")
    assert is_there("kit/tx.py")
    assert "test_no_such_thing" not in functions_in("server/tests/test_docs.py")
    assert PATH.fullmatch("/v2/users") is None


def test_pages_that_the_code_points_to_exist() -> None:
    sources = [path for folder in ("server", "bench", "scripts") for path in (ROOT / folder).rglob("*")]
    named = {
        found
        for path in sources
        if path.suffix in (".py", ".sql", ".sh") and path.name != Path(__file__).name
        for found in DECISION.findall(path.read_text(encoding="utf-8"))
    }
    assert sorted(page for page in named if not (ROOT / page).is_file()) == []


def test_images_are_small() -> None:
    images = list((ROOT / "docs" / "images").iterdir())
    assert images
    assert [image.name for image in images if image.stat().st_size > MOST_IMAGE_BYTES] == []


# ---------------------------------------------------------------- settings


def settings_in_code() -> set[str]:
    tree = ast.parse((ROOT / "server" / "waypost" / "config.py").read_text(encoding="utf-8"))
    return {
        str(call.args[0].value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("_text", "_number", "_choice", "_list")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_the_tables_of_settings_hold_those_that_there_are() -> None:
    guide = SETTING_ROW.findall((ROOT / "docs" / "guide" / "operating.md").read_text(encoding="utf-8"))
    readme = SETTING_ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {name for name, _, _ in guide} == settings_in_code()
    assert [row[:2] for row in readme] == [row[:2] for row in guide]


# ---------------------------------------------------------------- dependencies


def sections() -> dict[str, dict[str, tuple[str, str]]]:
    """By the headings of the page: package -> (version, licence)."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {
        heading: {
            name: (version, licence.strip())
            for name, version, licence in DEPENDENCY_ROW.findall(body)
            if name != "package"
        }
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def plain(requirement: str) -> str:
    return re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0].lower()


def pinned(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)}


def test_the_page_of_dependencies_holds_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    web = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
    listed = sections()
    assert set(listed["At run time"]) == {plain(item) for item in project["project"]["dependencies"]}
    assert set(listed["For development and tests"]) == {plain(item) for item in project["dependency-groups"]["dev"]}
    declared = {**web.get("dependencies", {}), **web.get("devDependencies", {})}
    assert {name: version for name, (version, _) in listed["In the browser"].items()} == declared


def python_packages() -> Iterator[tuple[str, str, str, str]]:
    """Package, version and licence as the page has them, and the lock that pins it."""
    for heading, lock in (("At run time", "runtime.txt"), ("For development and tests", "dev.txt")):
        for name, (version, licence) in sections()[heading].items():
            yield name, version, licence, lock


def test_versions_are_those_of_the_locks() -> None:
    wrong = [name for name, version, _, lock in python_packages() if pinned(lock)[name] != version]
    assert not wrong


def test_licences_are_those_that_the_packages_name() -> None:
    wrong = []
    for name, _, licence, _ in python_packages():
        metadata = importlib.metadata.metadata(name)
        fields = [*(metadata.get_all("License-Expression") or []), *(metadata.get_all("License") or [])]
        told = " ".join([*fields, *(item for item in metadata.get_all("Classifier") or [] if "License" in item)])
        families = [part.split("-")[0] for part in re.split(r" OR | AND ", licence)]
        if not all(family in told for family in families):
            wrong.append(f"{name}: {licence} / {told}")
    assert not wrong
