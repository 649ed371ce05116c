"""Folders for private servers of the tests' own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database import run_folder
from waypost.kit.private_postgres import Options, PrivatePostgres


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that every user may pass through, deleted afterwards along with servers left in it."""
    folder = Path(tempfile.mkdtemp(prefix="place-", dir=run_folder()))
    folder.chmod(0o755)
    yield folder
    for made in folder.rglob("cluster"):
        PrivatePostgres.stop(made.parent, force=True)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pristine() -> Iterator[Path]:
    """A database folder whose server has run once and is stopped; to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="pristine-", dir=run_folder()))
    folder.chmod(0o755)
    PrivatePostgres.start(folder / "pg", Options(durable=False)).release()
    yield folder / "pg"
    shutil.rmtree(folder)


@pytest.fixture
def folder(place: Path, pristine: Path) -> Path:
    """A database folder of this test alone, its server stopped."""
    copy = place / "pg"
    subprocess.run(["cp", "-a", pristine, copy], check=True)
    return copy
