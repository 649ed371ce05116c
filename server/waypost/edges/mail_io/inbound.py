"""Mail by HTTP: a relay, a script or a provider's function posts the raw message, signed with the mailbox's key.

The signature covers a timestamp and the body. A request may be repeated: the same bytes are taken once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import datetime
from typing import Any

import litestar
import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from litestar import Request, Response
from litestar.params import FromPath
from prometheus_client import Counter

from waypost.domains import mail
from waypost.domains.mail import Envelope, NewIntake
from waypost.domains.mailboxes import Channel, store_channel
from waypost.edges.base.context import Context, context_of
from waypost.edges.mail_io.preview import preview
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy, StorageFull

log = structlog.get_logger(__name__)

POSTED = Counter("waypost_mail_posted_total", "Messages posted to the inbound endpoint.", ["status"])

MOST_BYTES = 50 * 2**20
#: How far a timestamp may be off.
WINDOW_S = 300
#: Bodies that may be on their way into memory at once.
MOST_AT_ONCE = 8
BODY_S = 120.0
PER_MINUTE = 600
BAD_PER_MINUTE = 60
_NOBODY = "there is no such mailbox, and this is nobody's key"
_limits = FixedWindowRateLimiter(MemoryStorage())
_mailbox_limit = RateLimitItemPerMinute(PER_MINUTE, namespace="mail-in")
_bad_limit = RateLimitItemPerMinute(BAD_PER_MINUTE, namespace="mail-in-bad")


class _Refused(Exception):
    def __init__(self, status: int, error: str, message: str, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.retry_after_s = retry_after_s


class _UnderWay:
    """How many bodies are being read."""

    count = 0


@litestar.post(
    "/inbound/mail/{mailbox_id:int}", status_code=202, include_in_schema=False, request_max_body_size=MOST_BYTES + 1
)
async def take_mail(request: Request[Any, Any, Any], mailbox_id: FromPath[int]) -> Response[dict[str, Any]]:
    """Take a raw message (message/rfc822). 202 when it is safe; the body names its id, and whether it was known."""
    try:
        answer = await _take(request, mailbox_id)
    except _Refused as refused:
        headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
        answer = Response(
            {"error": refused.error, "message": refused.message}, status_code=refused.status, headers=headers
        )
    POSTED.labels(str(answer.status_code)).inc()
    return answer


async def _take(request: Request[Any, Any, Any], mailbox_id: int) -> Response[dict[str, Any]]:
    context = context_of(request)
    peer = request.client.host if request.client is not None else ""
    if not _limits.test(_bad_limit, peer) or not _limits.test(_mailbox_limit, str(mailbox_id)):
        raise _Refused(429, "too-many-requests", "Too many messages in a minute.", 60)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "message/rfc822":
        raise _Refused(415, "unsupported-media-type", "The body must be a raw message, of type message/rfc822.")
    try:
        raw = await _body(request)
        account_id, channel = await _channel(context, mailbox_id)
        if not _is_signed(request, channel, raw, context.transactions.clock()):
            _limits.hit(_bad_limit, peer)
            raise _Refused(401, "bad-signature", "The signature or its timestamp does not count.")
        _limits.hit(_mailbox_limit, str(mailbox_id))
        new = NewIntake(mailbox_id, "http", raw, Envelope(peer=peer), preview(raw))
        (taken,) = await mail.intake.take_in(context.transactions, context.files, [(account_id, new)])
    except StorageFull as error:
        log.error("mail.no_room", protocol="http", error=error.message)
        raise _Refused(503, "storage-full", "There is no room for the message now.", 60) from error
    except (Busy, *DATABASE_ERRORS) as error:
        log.warning("mail.not_taken", protocol="http", error=type(error).__name__)
        raise _Refused(503, "unavailable", "The message could not be stored now.", 10) from error
    log.info(
        "mail.taken", protocol="http", account_id=account_id, mailbox_id=mailbox_id, intake_id=taken.intake_id,
        size=len(raw),
    )  # fmt: skip
    return Response({"id": taken.intake_id, "isDuplicate": taken.intake_id is None}, status_code=202)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    told = request.headers.get("content-length", "0")
    too_large = _Refused(413, "too-large", f"A message may have at most {MOST_BYTES} bytes.")
    if told.isdigit() and int(told) > MOST_BYTES:
        raise too_large
    if _UnderWay.count >= MOST_AT_ONCE:
        raise _Refused(503, "busy", "Too many messages are on their way at this moment.", 1)
    _UnderWay.count += 1
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise too_large
    except TimeoutError:
        raise _Refused(408, "too-slow", f"The message did not arrive within {BODY_S:g} s.") from None
    finally:
        _UnderWay.count -= 1
    if not body:
        raise _Refused(400, "empty", "The body is empty: it must be a raw message.")
    return bytes(body)


async def _channel(context: Context, mailbox_id: int) -> tuple[int, Channel | None]:
    async with context.transactions.read() as tx:
        return await store_channel.of_mailbox(tx.connection, context.secret_key, mailbox_id)


def _is_signed(request: Request[Any, Any, Any], channel: Channel | None, raw: bytes, now: datetime) -> bool:
    """Whether the mailbox's key has signed this now. Takes as long for mailboxes that have no key or are none."""
    key = channel.inbound_key if channel is not None else None
    timestamp = request.headers.get("x-waypost-timestamp", "")
    given = request.headers.get("x-waypost-signature", "").removeprefix("sha256=")
    expected = hmac.new((key or _NOBODY).encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    is_right = hmac.compare_digest(expected.encode(), given.encode())
    is_recent = (
        timestamp.isascii()
        and timestamp.isdigit()
        and len(timestamp) < 12
        and abs(int(timestamp) - now.timestamp()) <= WINDOW_S
    )
    return is_right and is_recent and key is not None


ROUTES = [take_mail]
