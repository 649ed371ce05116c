"""A mailbox whose mail settings are read and changed by tests, and what they are changed to."""

from __future__ import annotations

import json
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains import mailboxes
from waypost.domains.mailboxes import Channel, Mailbox

IMAP = {"host": "imap.example.com", "username": "me@example.com", "password": "pa55 wörd"}
SMTP = {"host": "smtp.example.com", "port": 587, "username": "me@example.com", "password": "pa55 smtp"}
OAUTH = {
    "tokenUrl": "https://login.example.com/token", "clientId": "client-1", "clientSecret": "cl13nt-s3cret",
    "refreshToken": "r3fresh-t0ken", "scope": "offline mail",
}  # fmt: skip
KEY = mailboxes.dkim_keys.make_pem(mailboxes.dkim_keys.Algorithm.ED25519)
SECRETS = ("pa55", "cl13nt-s3cret", "r3fresh-t0ken", "PRIVATE KEY")


class Box:
    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.desk, self.account, self.mailbox, self.client = desk, account, mailbox, client
        self.path = f"/v2/mailboxes/{mailbox.id}/channel"

    async def get(self) -> dict[str, Any]:
        answer = await self.client.get(self.path)
        assert answer.status_code == 200, answer.text
        assert not any(secret in answer.text for secret in SECRETS)
        return dict(answer.json())

    async def put(self, **body: Any) -> httpx.Response:
        return await self.client.put(self.path, json=body)

    async def patch(self, body: Any) -> httpx.Response:
        return await self.client.patch(self.path, json=body)

    async def change(self, **body: Any) -> None:
        answer = await self.patch(body)
        assert (answer.status_code, answer.text) == (204, "")

    async def stored(self) -> Channel:
        key = self.desk.context.secret_key
        async with self.desk.transactions.read() as tx:
            found = await mailboxes.store_channel.find(tx.connection, key, self.account.id, self.mailbox.id)
        assert found is not None
        return found

    async def changes(self) -> list[list[str]]:
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                "select data from event where account_id = $1 and type = 'mailbox.updated' order by id", self.account.id
            )
        assert not any(secret in json.dumps(row["data"]) for row in rows for secret in SECRETS)
        return [row["data"]["changed"] for row in rows]


async def new_box(desk: Desk) -> Box:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Box(desk, account, mailbox, await desk.client(account.administrator))


def pem(bits: int = 2048) -> str:
    key = rsa.generate_private_key(65537, bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
