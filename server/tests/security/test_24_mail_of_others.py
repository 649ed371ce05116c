"""Attack 24: a support address as somebody's identity. Services mail codes and links to confirm an address; whoever
could see what arrived at the support address, or what was answered to them, without proving who they are, would own
accounts elsewhere. Nothing that was written is shown to anybody without a token or a signed link."""

from __future__ import annotations

import re

import pytest
from litestar.routes import HTTPRoute

from tests.desk import Desk
from tests.edges.content.messages import mail
from tests.edges.inbox_v2.office import open_office
from tests.security.company import MARK, build, values_for
from waypost.app import build_router
from waypost.edges.base.rating_links import rating_html, rating_links, rating_text

pytestmark = pytest.mark.anyio

CODE = "zxqv-482-913"


async def test_nothing_that_was_written_is_shown_without_a_token_or_a_link(module_desk: Desk) -> None:
    company = await build(module_desk)
    client = await module_desk.client(Cookie="waypost_session=guess")
    called = 0
    for route in build_router(None).routes:  # type: ignore[arg-type]
        if not isinstance(route, HTTPRoute) or "GET" not in route.methods:
            continue
        path = route.path
        values = values_for(company, path)
        for component in route.path_components:
            if not isinstance(component, str):
                path = path.replace("{" + component.full + "}", str(values.get(component.name, "1")))
        for asked in (path, f"{path}?email={MARK}@example.com&number=1&token={MARK}"):
            answer = await client.get(asked)
            called += 1
            # What was asked for may stand in the address of the answer itself, and nowhere else.
            told = answer.text.replace(f"{MARK}@example.com", "").replace(f"token={MARK}", "")
            assert MARK not in told, asked
    assert called > 200


async def test_a_code_that_was_mailed_to_support_goes_to_nobody_but_agents(module_desk: Desk) -> None:
    office = await open_office(module_desk)
    received = await office.mail(mail(f"<p>Your code is {CODE}</p>", subject=f"Code {CODE}"))
    conversation_id = received.conversation_id
    reply_id = await office.add(conversation_id, "reply", text="Thanks, we got it.")
    customer_id = (await office.conversation(conversation_id))["primaryCustomer"]["id"]
    context = module_desk.context
    links = rating_links(
        context.secret_key, context.content_address, office.account.id, reply_id, customer_id,
        context.transactions.clock(),
    )  # fmt: skip
    anybody = await module_desk.client()

    shown = [(await anybody.get(link)).text for link in (links.great, links.great.rpartition("/")[0])]
    shown += [(await anybody.post(links.great.rpartition("/")[0], data={"grade": "great"})).text]
    shown += [rating_html(links), rating_text(links)]

    assert all(re.search("482|Code", text) is None for text in shown)
    assert "482" in str(await office.threads(conversation_id))
