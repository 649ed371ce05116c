"""Whatever is sent: an answer in the API's shapes, never a fault. Schemathesis over the description of the handlers.

The run in the suite is seeded and short; a long one:  pytest tests/contract --hypothesis-profile=long -n 0
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.desk import Desk, running_desk
from tests.security.company import Company, build
from tests.security.routes import ENDLESS
from waypost.app import build_router, description

EXAMPLES = int(os.environ.get("WAYPOST_SCHEMATHESIS_EXAMPLES", "12"))
_router = build_router(None)  # type: ignore[arg-type]  # describing needs no running desk
schema = schemathesis.openapi.from_dict(description(_router, "http://desk.example")).exclude(path=sorted(ENDLESS))


class Target:
    """A desk that serves from a thread of its own, so that a test may wait for it."""

    def __init__(self, base_url: str, token: str, company: Company) -> None:
        self.base_url = base_url
        self.token = token
        self.company = company
        # One connection for all calls, and no look for proxies before each.
        self.session = requests.Session()
        self.session.trust_env = False


@pytest.fixture(scope="module")
def target(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(
            running_desk(module_database_url, Path(tmp_path_factory.mktemp("desk")))
        ) as desk,
    ):
        company = portal.call(build, desk)
        yield Target(desk.base_url, portal.call(_token, desk, company), company)


async def _token(desk: Desk, company: Company) -> str:
    return await desk.make.token(company.account.owner)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_of_ours(case: schemathesis.Case, target: Target) -> None:
    if case.operation.path.startswith("/v2/oauth2/"):
        case.call_and_validate(base_url=target.base_url, session=target.session, checks=[not_a_server_error])
        return
    ids = {**target.company.ids, "entry_id": target.company.ids["entries"]["email"]}
    # Half of the made-up ids are replaced by real ones: a run that only meets 404 shows nothing.
    for name, value in list((case.path_parameters or {}).items()):
        if name in ids and isinstance(value, int) and value % 2 == 0:
            case.path_parameters[name] = ids[name]
    # A made-up tag would refuse nearly every change before it is read.
    if (case.headers or {}).get("If-Match") not in (None, "*"):
        case.headers["If-Match"] = "*"
    headers = {"Authorization": f"Bearer {target.token}"}
    answer = case.call(base_url=target.base_url, session=target.session, headers=headers)
    case.validate_response(answer, checks=[not_a_server_error, content_type_conformance, response_schema_conformance])
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "application/vnd.error+json"
        document = answer.json()
        assert {"logRef", "message", "_embedded", "_links"} <= set(document)
