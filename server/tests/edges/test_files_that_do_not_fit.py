"""Files that callers send and that do not fit on the disk: told as such, with nothing half done."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.desk import running_desk
from tests.edges.docs_v1.shelf import build
from tests.edges.inbox_v2.office import open_office
from tests.small_disk import small_disk

pytestmark = pytest.mark.anyio

LARGE, SMALL = b"x" * 400_000, b"x" * 1_000


def attached(*contents: bytes) -> list[dict[str, str]]:
    return [
        {"fileName": "a.bin", "mimeType": "application/octet-stream", "data": base64.b64encode(each).decode()}
        for each in contents
    ]


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_files_without_room_are_refused_for_now_and_leave_nothing(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    with small_disk(folder) as full:
        async with running_desk(database_url, tmp_path / "desk", files_url=str(folder)) as desk:
            office, shelf = await open_office(desk), await build(desk)
            conversation_id = await office.start()
            [first] = await office.threads(conversation_id)
            path = f"/v2/conversations/{conversation_id}"
            [one] = attached(LARGE)
            several = {"text": "Here they are", "attachments": attached(SMALL, LARGE)}
            with full():
                answers = [
                    await office.client.post(f"{path}/threads/{first['id']}/attachments", json=one),
                    await office.client.post(f"{path}/notes", json=several),
                ]
                form = {"articleId": (await shelf.article("One"))["id"], "assetType": "attachment"}
                asset = await shelf.client.post("/v1/assets/article", files={"file": ("a.pdf", LARGE)}, data=form)

            for answer in answers:
                assert answer.status_code == 503, answer.text
                assert answer.json()["message"] == "Service unavailable"
            assert asset.status_code == 503, asset.text
            assert left_in(folder) == []
            assert len(await office.threads(conversation_id)) == 1
            [small] = attached(SMALL)
            kept = await office.client.post(f"{path}/threads/{first['id']}/attachments", json=small)
            assert kept.status_code == 201, kept.text
            assert len(left_in(folder)) == 1
