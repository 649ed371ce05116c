"""Exists because import-linter can't say "through the package only": a domain's inner modules are its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).parents[1] / "server"
DOMAINS = "waypost.domains"


def main() -> int:
    faults = [fault for path in sorted((SERVER / "waypost").rglob("*.py")) for fault in faults_of(path)]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


def faults_of(path: Path) -> Iterator[str]:
    parts = path.relative_to(SERVER).parts
    home = ".".join(parts[:3]) if parts[:2] == ("waypost", "domains") else ""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        for name in imported(node):
            domain = ".".join(name.split(".")[:3])
            if name.startswith(f"{DOMAINS}.") and domain not in (home, name):
                yield f"{path.relative_to(SERVER.parent)}:{node.lineno}: import {name} through {domain}"  # type: ignore[attr-defined]


def imported(node: ast.AST) -> list[str]:
    """The modules a statement names. `from package import x` counts as the module `package.x` if there is one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or node.module is None:
        return []
    return [
        inner if is_module(inner := f"{node.module}.{alias.name}") and node.module != DOMAINS else node.module
        for alias in node.names
    ]


def is_module(name: str) -> bool:
    place = SERVER.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


if __name__ == "__main__":
    sys.exit(main())
