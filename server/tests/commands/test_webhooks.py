"""`waypost webhooks`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk import Desk
from tests.hooks import OPEN, converse, settle, subscribe
from tests.process import waypost
from tests.receiver import receiving

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("desk", [OPEN], indirect=True, ids=["open"])]


async def typed(desk: Desk, folder: Path, *words: str) -> tuple[int, str]:
    environment = {"WAYPOST_DATABASE_URL": desk.dsn, "WAYPOST_DATA_DIR": str(desk.parts.settings.data_dir)}
    async with waypost(folder / words[0], "webhooks", *words, COLUMNS="300", **environment) as process:
        status = await process.process.wait()
        return status, process.output


async def test_looking_sending_again_and_testing(desk: Desk, tmp_path: Path) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    async with receiving() as receiver:
        webhook = await subscribe(client, receiver.url, "convo.created")
        await converse(client, mailbox.id)
        await settle(desk)
        of, which = ("--account", str(account.id)), str(webhook["id"])

        status, listed = await typed(desk, tmp_path, "list", *of)
        assert (status, receiver.url in listed, "enabled" in listed) == (0, True, True)
        status, sent = await typed(desk, tmp_path, "deliveries", which, *of)
        assert (status, "convo.created" in sent, "delivered" in sent) == (0, True, True)
        assert (await typed(desk, tmp_path, "redeliver", which, "1", *of))[0] == 0
        assert (await typed(desk, tmp_path, "test", which, *of))[0] == 0
        await settle(desk)
        assert sorted(receiver.events) == ["convo.created", "convo.created", "helpscout.test"]
        assert (await typed(desk, tmp_path, "redeliver", which, "99", *of))[0] == 1
