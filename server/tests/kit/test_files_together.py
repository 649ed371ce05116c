"""Files that are written together: durably and at once, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from waypost.kit.files import FileStore

pytestmark = pytest.mark.anyio


def _stored(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_files_are_there_when_the_block_ends_and_can_be_read_within(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    async with files.together() as together:
        keys = [together.new_key(1, "mail") for _ in range(9)]
        for key in keys:
            await together.write(key, key.encode())
        assert await together.read(keys[3]) == keys[3].encode()
        assert b"".join([chunk async for chunk in together.stream(keys[4])]) == keys[4].encode()
        assert _stored(tmp_path) == []
    assert _stored(tmp_path) == sorted(keys)
    assert [await files.read(key) for key in keys] == [key.encode() for key in keys]
    assert len({key.rpartition("/")[0] for key in keys}) == 1


async def test_every_file_and_every_folder_on_its_way_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    async with FileStore(tmp_path).together() as together:
        keys = [together.new_key(1, kind) for kind in ("mail", "mail", "attachments")]
        for key in keys:
            await together.write(key, b"words")
    for key in keys:
        assert any(path.startswith(f"{tmp_path / key}.") for path in flushed[:3])
    folders = {
        str(parent) for key in keys for parent in (tmp_path / key).parents if tmp_path in (parent, *parent.parents)
    }
    assert folders <= set(flushed[3:])
    assert len(flushed) == 3 + len(folders)


async def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    files = FileStore(tmp_path)

    async def fail() -> None:
        async with files.together() as together:
            await together.write(together.new_key(1, "mail"), b"words")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert _stored(tmp_path) == []


async def test_a_file_that_is_deleted_within_is_never_written_and_others_are_deleted_at_once(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    earlier = files.new_key(1, "mail")
    await files.write(earlier, b"words")
    async with files.together() as together:
        key = together.new_key(1, "mail")
        await together.write(key, b"words")
        await together.delete(key)
        await together.delete(earlier)
    assert _stored(tmp_path) == []


async def test_one_that_cannot_be_written_takes_the_others_with_it(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    (tmp_path / "2").write_text("in the way")
    with pytest.raises(OSError, match="2"):
        await files.write_durably({files.new_key(account_id, "mail"): b"words" for account_id in (1, 2, 3)})
    assert _stored(tmp_path) == ["2"]


async def test_a_store_elsewhere_writes_them_too() -> None:
    files = FileStore("memory:///")
    async with files.together() as together:
        key = together.new_key(1, "mail")
        await together.write(key, b"words")
    assert await files.read(key) == b"words"
