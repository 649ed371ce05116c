"""Exists because import-linter can't say "through the package only": a domain's inner modules are its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
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
                where = f"{path.relative_to(SERVER.parent)}:{getattr(node, 'lineno', 0)}"
                yield f"{where}: {name} is an inner module of {domain}; import what its __init__ names"


def imported(node: ast.AST) -> list[str]:
    """The modules a statement reaches. A module that its package names in `__init__` counts as the package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or node.module is None:
        return []
    reached = []
    for alias in node.names:
        inner = f"{node.module}.{alias.name}"
        is_inner = node.module != DOMAINS and is_module(inner) and alias.name not in named(node.module)
        reached.append(inner if is_inner else node.module)
    return reached


@cache
def named(package: str) -> frozenset[str]:
    """The names that a package's `__init__` imports or lists."""
    path = SERVER.joinpath(*package.split("."), "__init__.py")
    if not path.is_file():
        return frozenset()
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            names |= set(ast.literal_eval(node.value))
    return frozenset(names)


def is_module(name: str) -> bool:
    place = SERVER.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


if __name__ == "__main__":
    sys.exit(main())
