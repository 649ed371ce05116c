"""Every page of the demo's help center, with its real articles: right HTML, and no link that leads nowhere."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import BROWSER, links_of
from tests.edges.docs_site.page_checks import check_markup
from waypost.demo.knowledge import SUB_DOMAIN, articles, make_help_center

pytestmark = pytest.mark.anyio

OWN = re.compile(r"/(?:article|category|collection|contact|search)?(?:[/?].*)?")


async def test_every_page_of_the_demo_is_right_and_every_link_leads_somewhere(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    mailbox = await module_desk.make.mailbox(account)
    module_desk.context.docs_domain = f"localhost:{urlsplit(module_desk.base_url).port}"
    stage: Any = SimpleNamespace(owner=account.owner.actor, mailboxes={"support": mailbox})
    async with module_desk.transactions.open() as tx:
        await make_help_center(tx, stage, module_desk.context.docs_addresses)
    visitor = await module_desk.visitor(f"{SUB_DOMAIN}.{module_desk.context.docs_domain}")
    visitor.headers["User-Agent"] = BROWSER

    pages: dict[str, str] = {}
    waiting, missing = {"/"}, []
    while waiting:
        path = waiting.pop()
        answer = await visitor.get(path)
        if answer.status_code != 200:
            missing.append((path, answer.status_code))
            continue
        pages[path] = answer.text
        found = {link.replace("&amp;", "&").partition("#")[0] for link in links_of(answer.text)}
        waiting |= {link for link in found if OWN.fullmatch(link)} - set(pages)

    assert missing == []
    assert sum(path.startswith("/article/") for path in pages) == len(articles())
    await check_markup(pages)
