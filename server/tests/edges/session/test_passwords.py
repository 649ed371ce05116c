"""Forgotten passwords and invitations over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.desk import Desk, desk_with
from tests.edges.session.visit import PASSWORD, link_in, mailed, visiting, with_password
from waypost.app import build_app
from waypost.domains.accounts import NewUser, invite_user, one_time_tokens
from waypost.kit.clock import system_clock

NEW = "a quite new password"


async def test_a_mailed_link_sets_a_new_password_once(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as signed_in, visiting(desk) as visit:
        await signed_in.sign_in(owner)
        sent = await visit.submit("/password/forgot", {"email": owner.email.upper()})
        assert sent.status == 200
        (mail,) = await mailed(desk)
        assert (mail["to_email"], mail["account_id"]) == (owner.email, owner.account_id)
        assert desk.base_url in mail["html"]
        path = link_in(mail["html"])
        assert owner.email in (await visit.get(path)).text
        done = await visit.submit(path, {"new_password": NEW, "repeated": NEW})
        assert (done.status, done.location) == (303, "/sign-in?notice=reset")
        assert (await signed_in.get("/profile")).status == 302
        assert (await visit.get(path)).status == 404
        again = await visit.submit("/sign-in", {"email": owner.email, "password": PASSWORD})
        assert again.status == 422
        assert (await visit.sign_in(owner, NEW)).status == 303


async def test_the_answer_is_the_same_for_addresses_that_nobody_has(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    unknown = "x" + owner.email[1:]
    answers = set()
    async with visiting(desk) as visit:
        for email in (owner.email, unknown):
            page = await visit.submit("/password/forgot", {"email": email})
            answers.add((page.status, page.answer.text.replace(email, "EMAIL")))
    assert len(answers) == 1
    assert [mail["to_email"] for mail in await mailed(desk)] == [owner.email]


async def test_too_many_wishes_are_refused_for_known_and_unknown_addresses_alike(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        for email in (owner.email, "x" + owner.email[1:]):
            statuses = [(await visit.submit("/password/forgot", {"email": email})).status for _ in range(4)]
            assert statuses == [200, 200, 200, 429]
    assert len(await mailed(desk)) == 3


async def test_a_forged_host_does_not_get_into_the_mail(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        target, standing = (await visit.get("/password/forgot")).form()
        headers = {"Host": "evil.example", "Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"}
        await visit.post(target, {**standing, "email": owner.email}, **headers)
    assert "evil.example" not in str(await mailed(desk))


async def test_passwords_that_differ_or_are_weak_are_refused_and_the_link_stays(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.submit("/password/forgot", {"email": owner.email})
        path = link_in((await mailed(desk))[0]["html"])
        for new, repeated, words in (
            (NEW, NEW + "x", "not the same password"),
            ("short", "short", "at least 10 characters"),
            (owner.email, owner.email, "too easy to guess"),
        ):
            page = await visit.submit(path, {"new_password": new, "repeated": repeated})
            assert page.status == 422
            assert words in page.text
            assert new not in page.answer.text or new == owner.email
        assert (await visit.submit(path, {"new_password": NEW, "repeated": NEW})).status == 303


async def test_an_invitation_lets_in_once(desk: Desk) -> None:
    account = await desk.make.account()
    async with desk.transactions.open() as tx:
        invited = await invite_user(tx, account.owner.actor, NewUser(email="ines@acme.test", first_name="Ines"))
        token = await one_time_tokens.issue_invitation(tx, account.id, invited.id)
    async with visiting(desk) as visit, visiting(desk) as other:
        page = await visit.get(f"/invitation/{token}")
        assert page.title == "Welcome, Ines"
        waiting = await other.get(f"/invitation/{token}")
        done = await visit.send(page, {"new_password": NEW, "repeated": NEW})
        assert (done.status, done.location) == (303, "/")
        assert "Hello, Ines." in (await visit.get("/")).text
        late = await other.send(waiting, {"new_password": NEW, "repeated": NEW})
        assert late.status == 404


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> datetime:
        return self.now


CLOCK = Clock()


@desk_with(clock=CLOCK)
async def test_links_expire(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.submit("/password/forgot", {"email": owner.email})
        path = link_in((await mailed(desk))[0]["html"])
        assert (await visit.get(path)).status == 200
        CLOCK.now += timedelta(hours=1)
        assert (await visit.get(path)).status == 404


async def test_a_link_that_means_nothing_says_what_to_do(desk: Desk) -> None:
    async with visiting(desk) as visit:
        for path in ("/password/reset/nonsense", "/invitation/nonsense", "/password/reset/%00", "/invitation/%ff"):
            page = await visit.get(path)
            assert page.status == 404
            assert "Ask for a new one" in page.text


@pytest.mark.parametrize("path", ["/password/reset/s3cret", "/invitation/s3cret"])
async def test_mailed_links_are_named_without_their_secret_for_the_log(module_desk: Desk, path: str) -> None:
    seen: list[Any] = []
    inner = build_app(module_desk.context)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await inner(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(noting), base_url="http://desk") as client:
        await client.get(path)
    assert seen[0]["waypost.logged_path"] == path.replace("s3cret", "…")


async def test_no_secret_gets_into_the_log(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.submit("/sign-in", {"email": owner.email, "password": "planted wrong password"})
        await visit.sign_in(owner)
        app = await visit.submit("/profile/apps", {"name": "Sync"})
        planted = [PASSWORD, "planted wrong password", visit.cookie("session"), app.value("client-secret"), owner.email]
        planted.append(app.form("/sign-out")[1]["csrf_token"])
    logged = "".join(capfd.readouterr())
    assert "path=/sign-in" in logged
    assert [secret for secret in planted if secret is None or secret in logged] == []
