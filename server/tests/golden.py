"""Golden files: what the wire looked like when somebody last agreed to it, in `spec/wire`, for all languages to decode.

A test fixes the clock and the rows, asks, and calls `check`. `make golden` writes the files anew; the difference is
then reviewed like code.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx

WIRE = Path(__file__).parents[2] / "spec" / "wire"
WRITE = "WAYPOST_GOLDEN"
HEADERS = ("content-type", "location", "resource-id", "web-location", "link", "www-authenticate", "allow")
# The port differs from run to run, so addresses of the server under test are kept without it.
PLACE = "https://waypost.example"
#: What differs from run to run, and what stands in its place.
SETTLED = (
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\b"), "2024-01-15T09:30:00Z"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "64bb72b4-0a92-11e8-ba89-0ed5f89f718b"),
    (re.compile(r'"slug": ?"[0-9a-f]{16}"'), '"slug":"83ebc5d87292a795"'),
    (re.compile(r"(/content/[a-z]+)/[\w-]{30,}"), r"\1/AZJy2mZ4"),
    (re.compile(r"\b[0-9a-f]{24}\b"), "5214c77c45667acd25394b51"),
    (re.compile(r"\.\d+@acme\.test\b"), "@acme.test"),
    (re.compile(r"\bmailbox\d+@acme\.test\b"), "mailbox@acme.test"),
)


def check(response: httpx.Response, name: str, *, folder: Path = WIRE) -> None:
    """Compare status, telling headers and body with the golden file `name`, such as `inbox_v2/conversations.list`."""
    path = folder / f"{name}.json"
    seen = of(response)
    if os.environ.get(WRITE) == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(seen, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    assert path.is_file(), f"{path} is missing; `make golden` writes it"
    assert seen == json.loads(path.read_text(encoding="utf-8")), f"{path} differs; `make golden` if that is wanted"


def of(response: httpx.Response) -> dict[str, Any]:
    """What a golden file keeps of an answer."""
    url = response.request.url
    base = f"{url.scheme}://{url.netloc.decode()}"
    text = response.text.replace(base, PLACE)
    for pattern, fixed in SETTLED:
        text = pattern.sub(fixed, text)
    is_json = "json" in response.headers.get("content-type", "")
    return {
        "status": response.status_code,
        "headers": {key: response.headers[key].replace(base, PLACE) for key in HEADERS if key in response.headers},
        "body": json.loads(text) if is_json and text else text,
    }
