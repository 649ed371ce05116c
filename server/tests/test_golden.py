"""That a golden file notices what changes, and is written only when asked."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests import golden


def answer(body: object, status: int = 200, port: int = 8000) -> httpx.Response:
    base = f"http://127.0.0.1:{port}"
    request = httpx.Request("GET", f"{base}/v2/things")
    headers = {"Location": f"{base}/v2/things/1", "Date": "today"}
    return httpx.Response(status, json=body, headers=headers, request=request)


@pytest.fixture
def agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(golden.WRITE, "write")
    golden.check(answer({"id": 1, "self": "http://127.0.0.1:8000/v2/things/1"}), "v2/things.get", folder=tmp_path)
    monkeypatch.delenv(golden.WRITE)
    return tmp_path


def test_file_keeps_status_telling_headers_and_body_without_the_port(agreed: Path) -> None:
    assert json.loads((agreed / "v2" / "things.get.json").read_text()) == {
        "status": 200,
        "headers": {"content-type": "application/json", "location": "https://waypost.example/v2/things/1"},
        "body": {"id": 1, "self": "https://waypost.example/v2/things/1"},
    }


def test_same_answer_from_another_port_passes(agreed: Path) -> None:
    body = {"id": 1, "self": "http://127.0.0.1:9999/v2/things/1"}
    golden.check(answer(body, port=9999), "v2/things.get", folder=agreed)


@pytest.mark.parametrize(("body", "status"), [({"id": 2}, 200), ({"id": 1}, 201)])
def test_changed_answer_fails(agreed: Path, body: object, status: int) -> None:
    with pytest.raises(AssertionError, match="make golden"):
        golden.check(answer(body, status), "v2/things.get", folder=agreed)


def test_missing_file_fails_and_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(golden.WRITE, raising=False)
    with pytest.raises(AssertionError, match="is missing"):
        golden.check(answer({}), "v2/new", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
