"""The guide's ways of checking a webhook, run over real deliveries of both profiles; and the seed's own check."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.hooks import SECRET, converse, settle, subscribe
from tests.receiver import Request, receiving

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parents[4] / "docs" / "examples"
#: PHP is checked where it is installed.
RECIPES = [
    recipe
    for recipe in (
        [sys.executable, "verify_webhook.py"],
        ["node", "verify_webhook.js"],
        ["php", "verify_webhook.php"],
    )
    if recipe[0] != "php" or shutil.which("php")
]


async def verdict(recipe: list[str], request: Request, body: bytes, secret: str = SECRET) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET": secret,
        "SIGNATURE": request.headers["x-helpscout-signature"],
        "ID": request.headers["webhook-id"],
        "TIMESTAMP": request.headers["webhook-timestamp"],
        "SIGNATURES": request.headers["webhook-signature"],
    }
    process = await asyncio.create_subprocess_exec(
        *recipe, cwd=EXAMPLES, env=environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(body)
    assert process.returncode == 0
    return out.decode().strip()


async def test_genuine_requests_are_told_from_forged_ones(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    async with receiving() as receiver:
        for profile in ("seed", "platform"):
            await subscribe(client, receiver.url, "convo.created", profile=profile)
        await converse(client, mailbox.id, subject="Grüße, 日本, \u2028 <b>&amp;</b>")
        await settle(desk)
        assert len(receiver.requests) == 2

    # The check as the seed prints it.
    seed = next(request for request in receiver.requests if b'"eventType"' in request.body)
    expected_signature = "sha1=" + hmac.new(SECRET.encode(), seed.body, hashlib.sha1).hexdigest()
    assert hmac.compare_digest(expected_signature, seed.headers["x-helpscout-signature"])

    for recipe in RECIPES:
        for request in receiver.requests:
            assert await verdict(recipe, request, request.body) == "genuine", recipe
            # Changed by one byte, read as JSON and written again, or signed with another secret.
            assert await verdict(recipe, request, request.body[:-1] + b" }") == "forged", recipe
            assert await verdict(recipe, request, request.body.replace(b'":', b'": ')) == "forged", recipe
            assert await verdict(recipe, request, request.body, "other") == "forged", recipe
