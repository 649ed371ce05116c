"""Attack 33 and 48 over the whole API: text that breaks programs, values of the wrong kind, bodies that are none.

What is sent comes from the OpenAPI document, so a new field or parameter is covered by itself. Whatever arrives is
done or refused with the field named; never is it a fault. The run in the suite takes a part of the strings for each
call, so that all calls together see all of them; all strings for every call:  WAYPOST_AWKWARD_STEP=1 pytest …
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.examples import body_for, prepared
from tests.security.company import Company, build, snapshot, values_for
from tests.security.described import Operation, operations, with_value
from waypost.edges.inbox_v2.gate import BODY_LIMITS, DEFAULT_BODY_LIMIT

pytestmark = pytest.mark.anyio

STRINGS: list[str] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "hostile" / "naughty-strings.jsonl").read_bytes().splitlines()
]
STEP = int(os.environ.get("WAYPOST_AWKWARD_STEP", "16"))
#: Beside the strings above, for every call: what databases, encoders and patterns have stumbled on.
HARD = ["\0", "a\0b", "\ud800", "\udfff\ud800", "\u2028", "\ufeff", "\U0010ffff", "%00", "%", "_", "\\", "'", '"', "`",
        "{}", "$1", "NaN", "-0", "null", "\r\n", " ", "\t", "a" * 3000, "é" * 3000]  # fmt: skip
WRONG: list[Any] = [None, True, 0, -1, 1.5, 2**63, 10**30, 1e300, "", "x", [], [[]], {}, {"x": {}}]

WRITES = [item for item in operations() if item.call.method in ("POST", "PUT", "PATCH") and item.takes_body]
DESCRIBED = [operation for operation in WRITES if operation.fields]
QUERIED = [operation for operation in operations() if operation.queries]


def named(operation: Operation) -> str:
    return operation.call.name


@pytest.fixture
async def company(module_desk: Desk) -> Company:
    """A new one, where a value may be taken: what is sent next could be refused for what is there by then."""
    return await build(module_desk)


@pytest.fixture
async def client(module_desk: Desk, company: Company) -> httpx.AsyncClient:
    return await module_desk.client(company.account.owner)


@pytest.fixture(scope="module")
async def standing(module_desk: Desk) -> Company:
    """One for all tests whose requests are refused unread."""
    return await build(module_desk)


@pytest.fixture(scope="module")
async def standing_client(module_desk: Desk, standing: Company) -> httpx.AsyncClient:
    return await module_desk.client(standing.account.owner)


def own_share(operation: Operation, among: list[Operation]) -> list[str]:
    """The strings of this call: every one of STEP, begun at another place for each call."""
    return [*HARD, *STRINGS[among.index(operation) % STEP :: STEP]]


def refused_fields(answer: httpx.Response) -> list[str]:
    """The fields that an answer refuses; checks that it is an answer of ours."""
    assert answer.status_code < 500, answer.text
    if answer.status_code < 400:
        return []
    assert answer.headers["content-type"] == "application/vnd.error+json"
    document = answer.json()
    assert {"logRef", "message", "_embedded", "_links"} <= set(document)
    return [error["path"] for error in document["_embedded"]["errors"]]


def encoded(body: Any) -> bytes:
    """JSON as a careless client writes it: lone surrogates and NUL as escapes."""
    return json.dumps(body).encode()


@pytest.mark.parametrize("operation", DESCRIBED, ids=named)
async def test_a_value_of_the_wrong_kind_is_refused_by_its_field_or_harmless(
    client: httpx.AsyncClient, company: Company, operation: Operation
) -> None:
    for field in operation.fields:
        for value in WRONG:
            values, body = await prepared(client, company, operation.call)
            answer = await client.request(
                operation.call.method,
                operation.call.filled(values),
                content=encoded(with_value(body, field.place, value)),
            )
            refused = refused_fields(answer)
            if answer.status_code in (400, 422):
                # A list of operations names them `[0].path`.
                assert any(path.startswith((str(field.place[0]), field.name)) for path in refused), (
                    field.name, value, answer.text,
                )  # fmt: skip
            else:
                assert answer.status_code in (200, 201, 204, 404, 409, 412, 413), (field.name, value, answer.text)


@pytest.mark.parametrize("operation", [item for item in DESCRIBED if any(f.is_free for f in item.fields)], ids=named)
async def test_any_text_in_any_field_is_taken_or_refused_by_its_field(
    client: httpx.AsyncClient, company: Company, operation: Operation
) -> None:
    free = [field for field in operation.fields if field.is_free]
    for text in own_share(operation, DESCRIBED):
        values, example = await prepared(client, company, operation.call)
        left = free
        while left:
            body = example
            for field in left:
                body = with_value(body, field.place, text)
            answer = await client.request(operation.call.method, operation.call.filled(values), content=encoded(body))
            refused = refused_fields(answer)
            if is_half(text) and answer.status_code == 400:
                assert answer.json()["message"] == "Error parsing request body into JSON"
                break
            if answer.status_code not in (400, 409, 422):
                assert answer.status_code in (200, 201, 204), (text, answer.text)
                break
            # Those that were named go; each round must name one at least, or nobody could mend the request.
            kept = [field for field in left if not any(_concerns(path, field.name) for path in refused)]
            assert len(kept) < len(left), (text, answer.text)
            left = kept


def is_half(text: str) -> bool:
    """Holds a lone surrogate, which is no character: JSON that names one is refused as a whole."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _concerns(path: str, field: str) -> bool:
    """Whether an error at the path is about the field, what is around or in it, or one that has to be with it."""
    beside = path.rpartition(".")[0]
    return (
        path == field
        or field.startswith((f"{path}.", f"{path}["))
        or path.startswith((f"{field}.", f"{field}["))
        or bool(beside and field.startswith(f"{beside}."))
    )


@pytest.mark.parametrize("operation", QUERIED, ids=named)
async def test_any_text_in_any_query_parameter_is_taken_or_refused_by_its_name(
    client: httpx.AsyncClient, company: Company, operation: Operation
) -> None:
    path = operation.call.filled(values_for(company, operation.call.path))
    body = body_for(operation.call, company) if operation.takes_body else None
    for text in own_share(operation, QUERIED):
        sendable = text.encode("utf-8", "surrogateescape" if text.isascii() else "replace").decode("utf-8", "replace")
        left = list(operation.queries)
        while left:
            # One name a request where all at once would be too long an address.
            some = left if len(sendable) * len(left) < 2000 else left[:1]
            params = [(name, sendable) for name in some]
            answer = await client.request(operation.call.method, path, params=params, json=body)
            if answer.status_code == 414:
                break
            refused = refused_fields(answer)
            if answer.status_code != 400:
                assert answer.status_code in (200, 202, 204, 404, 403), (text, answer.text)
                left = [name for name in left if name not in some]
                continue
            kept = [name for name in left if name not in refused]
            assert len(kept) < len(left), (text, answer.text)
            assert {error["source"] for error in answer.json()["_embedded"]["errors"]} == {"QUERY"}
            left = kept


DEEP = 10_000
BODIES = {
    "not JSON": b"{",
    "two values": b"{}{}",
    "text": b'"x"',
    "a number": b"1",
    "null": b"null",
    "not UTF-8": b'{"text": "\xff\xfe", "subject": "\xc3\x28"}',
    "UTF-16": '{"text": "x"}'.encode("utf-16"),
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"text":' * DEEP + b"1" + b"}" * DEEP,
    "deep and unfinished": b'{"a":[' * DEEP,
    "deep inside a field": b'{"text": ' + b"[" * DEEP + b"]" * DEEP + b', "subject": "x"}',
    "deep values of an operation": b'[{"op":"replace","path":"/subject","value":' + b"[" * DEEP + b"]" * DEEP + b"}]",
    "a number beyond all": b'{"mailboxId": 1e999999, "text": -1e999999, "value": 1e-999999}',
    "a number of many digits": b'{"mailboxId": ' + b"9" * 20_000 + b', "value": ' + b"9" * 20_000 + b"}",
    "not a number": b'{"text": NaN, "value": Infinity}',
}

#: Objects without any key that is read, or nothing at all: some calls take that as a change of nothing.
EMPTY = {
    "nothing": b"",
    "blank": b" \n",
    "with a mark": b"\xef\xbb\xbf{}",
    "a thousand keys": b"{" + b",".join(b'"k%d": %d' % (n, n) for n in range(1000)) + b"}",
    "keys of the language": b'{"__proto__": {"x": 1}, "constructor": 1, "__class__": "x", "": 1}',
}


@pytest.mark.parametrize("operation", WRITES, ids=named)
async def test_bodies_that_are_none_are_refused_and_change_nothing(
    module_desk: Desk, client: httpx.AsyncClient, company: Company, operation: Operation
) -> None:
    values, _ = await prepared(client, company, operation.call)
    path = operation.call.filled(values)
    before = await snapshot(module_desk, company.account.id)
    for name, body in BODIES.items():
        answer = await client.request(operation.call.method, path, content=body)
        refused_fields(answer)
        assert answer.status_code in (400, 422), (name, answer.text)
    assert await snapshot(module_desk, company.account.id) == before
    for name, body in EMPTY.items():
        answer = await client.request(operation.call.method, path, content=body)
        refused_fields(answer)
        assert answer.status_code in (200, 201, 204, 400, 422), (name, answer.text)


@pytest.mark.parametrize("operation", WRITES, ids=named)
async def test_of_a_key_that_is_given_twice_the_last_one_counts(
    client: httpx.AsyncClient, company: Company, operation: Operation
) -> None:
    values, body = await prepared(client, company, operation.call)
    if not isinstance(body, dict) or not body:
        pytest.skip("takes no object")
    pairs = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items()]
    wrong = [f"{json.dumps(key)}: {{}}" for key in body]

    answer = await client.request(
        operation.call.method, operation.call.filled(values), content=f"{{{', '.join([*wrong, *pairs])}}}".encode()
    )

    # Some parsers look at every value: they refuse the first one by its name.
    assert answer.status_code in (200, 201, 204) or refused_fields(answer)


@pytest.mark.parametrize("operation", WRITES, ids=named)
async def test_bodies_over_the_limit_and_of_other_types_are_refused_unread(
    standing_client: httpx.AsyncClient, standing: Company, operation: Operation
) -> None:
    values, _ = await prepared(standing_client, standing, operation.call)
    method, path = operation.call.method, operation.call.filled(values)

    limit = next((size for pattern, size in BODY_LIMITS if pattern.fullmatch(path)), DEFAULT_BODY_LIMIT)

    async def too_long() -> Any:
        yield b" " * limit
        yield b" "

    for content_type in ("text/html", "multipart/form-data; boundary=x", "application/octet-stream", "image/png", "/"):
        answer = await standing_client.request(method, path, content=b"{}", headers={"Content-Type": content_type})
        assert answer.status_code == 415, content_type
        assert answer.json()["message"] == "Unsupported media type"
    assert await _status_of_a_body_that_is_only_declared(standing_client, method, path) == 413
    streamed = await standing_client.request(method, path, content=too_long())
    assert streamed.status_code == 413
    assert streamed.json()["message"] == "Request entity too large"


async def _status_of_a_body_that_is_only_declared(client: httpx.AsyncClient, method: str, path: str) -> int:
    """Announce 30 MB, send none of it, and read the answer: it comes without waiting for the body."""
    url = client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['authorization']}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {30 * 1024 * 1024}\r\n\r\n".encode())
    async with asyncio.timeout(30):
        status = int((await reader.readline()).split()[1])
    writer.close()
    return status
