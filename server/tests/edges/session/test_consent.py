"""Letting an application act for a user (spec: 2.2)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from tests.desk import Desk
from tests.edges.session.visit import PASSWORD, Page, Visit, visiting, with_password
from tests.make import Person
from waypost.domains.accounts import OAuthApplication, register_application

PATH = "/authentication/authorizeClientApplication"
RETURN = "https://parcels.example/return?tenant=7"


async def an_application(
    desk: Desk, of: Person, redirect_url: str = RETURN, name: str = "Parcels"
) -> tuple[OAuthApplication, str]:
    async with desk.transactions.open() as tx:
        return await register_application(tx, of.actor, name, redirect_url)


def asking(application: OAuthApplication, **parameters: str) -> str:
    return f"{PATH}?{urlencode({'client_id': application.client_id, **parameters})}"


async def allow(visit: Visit, path: str, decision: str = "allow") -> Page:
    return await visit.submit(path, {"decision": decision})


def answer_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.location).query).items()}


async def exchange(desk: Desk, application: OAuthApplication, secret: str, code: str, **more: str) -> Any:
    client = await desk.client()
    fields = {
        "grant_type": "authorization_code",
        "client_id": application.client_id,
        "client_secret": secret,
        "code": code,
    }
    return await client.post("/v2/oauth2/token", data={**fields, **more})


async def test_from_the_first_click_to_a_token_that_acts_as_the_user(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    user = await with_password(module_desk, account.user)
    application, secret = await an_application(module_desk, account.owner)
    asked = asking(application, state="a b/+&=ü", response_type="code")
    async with visiting(module_desk) as visit:
        sent = await visit.get(asked)
        assert (sent.status, sent.location) == (302, f"/sign-in?next={quote(asked, safe='')}")
        back = await visit.submit(sent.location, {"email": user.email, "password": PASSWORD})
        assert back.location == asked
        page = await visit.get(back.location)
        assert page.status == 200
        assert page.title == "Allow Parcels to act for you?"
        assert "parcels.example" in page.text
        done = await visit.send(page, {"decision": "allow"})
    assert done.status == 302
    assert done.location.startswith("https://parcels.example/return?tenant=7&")
    answer = answer_of(done)
    assert answer["state"] == "a b/+&=ü"
    token = await exchange(module_desk, application, secret, answer["code"])
    assert token.status_code == 200, token.text
    client = await module_desk.client(token.json()["access_token"])
    assert (await client.get("/v2/users/me")).json()["email"] == user.email
    again = await exchange(module_desk, application, secret, answer["code"])
    assert again.status_code == 400


async def test_a_refusal_goes_back_with_the_state_and_without_a_code(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    owner = await with_password(module_desk, account.owner)
    application, _ = await an_application(module_desk, owner, "https://parcels.example/return")
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        for decision in ("deny", "", "ALLOW"):
            done = await allow(visit, asking(application, state="xyz"), decision)
            assert done.location == "https://parcels.example/return?error=access_denied&state=xyz"
        silent = await allow(visit, asking(application), "deny")
        assert silent.location == "https://parcels.example/return?error=access_denied"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": ""},
        {"client_id": "a\x00b"},
        {"response_type": "token"},
        {"response_type": ""},
        {"redirect_uri": "https://evil.example/return"},
        {"redirect_uri": "https://parcels.example.evil.example/return"},
        {"redirect_uri": "https://parcels.example@evil.example/return"},
        {"redirect_uri": "https://parcels.example/return/../elsewhere"},
        {"redirect_uri": "https://parcels.example/RETURN"},
        {"redirect_uri": "http://parcels.example/return"},
        {"redirect_uri": "https://parcels.example:444/return"},
        {"redirect_uri": "//parcels.example/return"},
        {"redirect_uri": "https://[/return"},
        {"redirect_uri": ""},
        {"state": "x" * 4097},
        {"code_challenge": "too-short", "code_challenge_method": "S256"},
        {"code_challenge": "A" * 43, "code_challenge_method": "plain"},
        {"code_challenge": "A" * 43},
        {"code_challenge_method": "S256"},
    ],
)
async def test_a_wrong_request_is_an_error_page_and_goes_nowhere(module_desk: Desk, changes: dict[str, str]) -> None:
    account = await module_desk.make.account()
    application, _ = await an_application(module_desk, account.owner)
    async with visiting(module_desk) as visit:
        page = await visit.get(asking(application, **changes))
        assert page.status == 400
        assert page.location == ""
        assert page.answer.headers["content-type"].startswith("text/html")


async def test_a_wrong_request_is_refused_when_it_is_sent_as_a_form_too(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    owner = await with_password(module_desk, account.owner)
    application, _ = await an_application(module_desk, owner)
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        target, standing = (await visit.get(asking(application))).form()
        for changes in (
            {"client_id": "unknown"},
            {"redirect_uri": "https://evil.example/"},
            {"response_type": "token"},
        ):
            page = await visit.post(target, {**standing, **changes, "decision": "allow"})
            assert (page.status, page.location) == (400, "")


@pytest.mark.parametrize(
    "redirect_uri", [RETURN, "https://parcels.example/return", "https://PARCELS.example:443/return"]
)
async def test_the_registered_address_may_be_named(module_desk: Desk, redirect_uri: str) -> None:
    account = await module_desk.make.account()
    application, _ = await an_application(module_desk, account.owner)
    async with visiting(module_desk) as visit:
        assert (await visit.get(asking(application, redirect_uri=redirect_uri))).status == 302


async def test_an_application_without_an_address_or_deleted_is_refused(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    silent, _ = await an_application(module_desk, account.owner, "")
    async with visiting(module_desk) as visit:
        assert (await visit.get(asking(silent))).status == 400


async def test_pkce_binds_the_code_to_who_asked(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    application, secret = await an_application(module_desk, owner)
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    path = asking(application, code_challenge=challenge, code_challenge_method="S256")
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        stolen = answer_of(await allow(visit, path))["code"]
        assert (await exchange(module_desk, application, secret, stolen)).status_code == 400
        code = answer_of(await allow(visit, path))["code"]
        assert (await exchange(module_desk, application, secret, code, code_verifier=verifier)).status_code == 200


async def test_the_policy_of_the_page_lets_the_form_end_at_the_application_only(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    web, _ = await an_application(module_desk, owner)
    native, _ = await an_application(module_desk, owner, "com.example.app:/return")
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        for application, allowed in ((web, "https://parcels.example"), (native, "com.example.app:")):
            policy = (await visit.get(asking(application))).answer.headers["content-security-policy"]
            assert policy.endswith(f"form-action 'self' {allowed}")
            assert "frame-ancestors 'none'" in policy


async def test_the_name_of_an_application_is_text(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    application, _ = await an_application(module_desk, owner, name="<script>alert(1)</script>")
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        page = await visit.get(asking(application, state='"><script>alert(2)</script>'))
    assert "<script>alert" not in page.answer.text
    assert page.title == "Allow <script>alert(1)</script> to act for you?"
