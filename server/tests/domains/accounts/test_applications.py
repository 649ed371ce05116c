from __future__ import annotations

import pytest

from tests.domains.accounts.make import Desk
from waypost.domains import accounts
from waypost.domains.accounts import Actor, Dialect, OAuthApplication, Role, grants
from waypost.kit.errors import Forbidden, Invalid, NotFound


async def check(desk: Desk, application: OAuthApplication, secret: str) -> OAuthApplication | None:
    async with desk.transactions.open() as tx:
        return await accounts.check_secret(tx.connection, application.client_id, secret)


async def works(desk: Desk, token: str) -> bool:
    async with desk.transactions.read() as tx:
        return await accounts.authenticate(tx.connection, token, tx.now) is not None


async def test_a_registered_application_is_known_by_its_secret(desk: Desk) -> None:
    agent = await desk.actor()
    application, secret = await desk.application(agent, name="  Sync ", redirect_url="https://app.example.com/back")
    assert (application.name, application.user_id, application.dialect) == ("Sync", agent.user_id, Dialect.SEED)
    assert await check(desk, application, secret) == application
    assert await check(desk, application, secret + "x") is None
    assert await check(desk, application, "") is None
    async with desk.transactions.read() as tx:
        assert await accounts.find_application(tx.connection, application.client_id) == application
        assert await accounts.find_application(tx.connection, "a\x00b") is None
    assert await desk.facts("application") == ["application.created"]


async def test_only_people_register_applications(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        await desk.application(Actor.system(desk.account_id))


GOOD = [
    "https://app.example.com/back?x=1",
    "https://app.example.com:8443",
    "http://localhost:8080/callback",
    "http://127.0.0.1/cb",
    "http://[::1]:9/cb",
    "com.example.app:/callback",
]
BAD = [
    "http://app.example.com/back",
    "https://app.example.com/back#part",
    "https://app.example.com/back#",
    "https://user:secret@app.example.com/",
    "https:///path",
    "https://",
    "//app.example.com",
    "/back",
    "javascript:alert(1)",
    "data:text/html,x",
    "myapp://back",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "https://a.example/\r\nSet-Cookie: x=1",
    "https://good.example\\@evil.example/",
    "https://a b.example/",
    "https://a.example:port/",
    "https://[::1/",
    "https://a.example/\ud800",
    "https://a.example/" + "x" * 2000,
]


@pytest.mark.parametrize("url", GOOD)
def test_codes_may_be_sent_there(url: str) -> None:
    assert accounts.is_redirect_url(url)


@pytest.mark.parametrize("url", BAD)
def test_codes_may_not_be_sent_there(url: str) -> None:
    assert not accounts.is_redirect_url(url)


async def test_a_bad_address_is_refused_when_registered_and_when_changed(desk: Desk) -> None:
    application, _ = await desk.application(redirect_url="https://app.example.com/")
    with pytest.raises(Invalid) as made:
        await desk.application(name="", redirect_url="http://evil.example/")
    assert [error.path for error in made.value.errors] == ["name", "redirectUrl"]
    async with desk.transactions.open() as tx:
        with pytest.raises(Invalid):
            await accounts.update_application(tx, desk.owner, application.id, redirect_url="http://evil.example/")


async def test_bad_names_are_refused(desk: Desk) -> None:
    for name in ("", "  ", "x" * 101, "a\x00b", "\ud800"):
        with pytest.raises(Invalid):
            await desk.application(name=name)


async def test_a_reset_ends_the_old_secret_the_tokens_and_the_codes(desk: Desk) -> None:
    application, old = await desk.application()
    token = await desk.client_token(application)
    pair = await desk.consent(application, desk.owner.user_id)
    async with desk.transactions.open() as tx:
        code = await grants.issue_code(tx, application, desk.owner.user_id, None)
    async with desk.transactions.open() as tx:
        new = await accounts.reset_secret(tx, desk.owner, application.id)
    assert await check(desk, application, old) is None
    assert await check(desk, application, new) == application
    assert not await works(desk, token)
    assert not await works(desk, pair.access_token)
    async with desk.transactions.open() as tx:
        assert await grants.exchange_code(tx, application, code) is accounts.Refusal.CODE


async def test_an_administrator_does_not_get_anothers_secret(desk: Desk) -> None:
    agent, administrator = await desk.actor("Ann"), await desk.actor("Ada", Role.ADMIN)
    application, secret = await desk.application(agent, redirect_url="https://app.example.com/")
    for by in (administrator, desk.owner):
        async with desk.transactions.open() as tx:
            with pytest.raises(Forbidden):
                await accounts.reset_secret(tx, by, application.id)
            with pytest.raises(Forbidden):
                await accounts.update_application(tx, by, application.id, redirect_url="https://evil.example/")
    assert await check(desk, application, secret) == application


async def test_a_deleted_application_and_its_tokens_are_gone(desk: Desk) -> None:
    agent = await desk.actor()
    application, secret = await desk.application(agent)
    token = await desk.client_token(application)
    async with desk.transactions.open() as tx:
        await accounts.delete_application(tx, desk.owner, application.id)
    assert not await works(desk, token)
    assert await check(desk, application, secret) is None
    async with desk.transactions.open() as tx:
        assert await accounts.list_applications(tx, agent) == []
        with pytest.raises(NotFound):
            await accounts.delete_application(tx, desk.owner, application.id)
    assert await desk.facts("application") == ["application.created", "application.deleted"]


async def test_settings_change_one_by_one(desk: Desk) -> None:
    application, _ = await desk.application(redirect_url="https://app.example.com/")
    async with desk.transactions.open() as tx:
        renamed = await accounts.rename_application(tx, desk.owner, application.id, "Other")
        switched = await accounts.set_dialect(tx, desk.owner, application.id, Dialect.PLATFORM)
        assert await accounts.set_dialect(tx, desk.owner, application.id, Dialect.PLATFORM) == switched
    assert (renamed.name, renamed.redirect_url, renamed.dialect) == ("Other", application.redirect_url, Dialect.SEED)
    assert (switched.name, switched.dialect) == ("Other", Dialect.PLATFORM)
    assert await desk.facts("application.updated") == ["application.updated"] * 2


async def test_a_new_address_ends_open_codes(desk: Desk) -> None:
    application, _ = await desk.application(redirect_url="https://app.example.com/")
    async with desk.transactions.open() as tx:
        code = await grants.issue_code(tx, application, desk.owner.user_id, None)
        await accounts.update_application(tx, desk.owner, application.id, redirect_url="https://new.example.com/")
        assert await grants.exchange_code(tx, application, code) is accounts.Refusal.CODE


async def test_each_lists_their_own_and_administrators_all(desk: Desk) -> None:
    ann, ben = await desk.actor("Ann"), await desk.actor("Ben")
    other = await Desk.new(desk.transactions)
    await other.application()
    for owner, name in ((ann, "zeta"), (ann, "Alpha"), (ben, "Beta")):
        await desk.application(owner, name=name)
    async with desk.transactions.read() as tx:
        assert [one.name for one in await accounts.list_applications(tx, ann)] == ["Alpha", "zeta"]
        of_all = await accounts.list_applications(tx, desk.owner, of_everybody=True)
        with pytest.raises(Forbidden):
            await accounts.list_applications(tx, ann, of_everybody=True)
    assert [one.name for one in of_all] == ["Alpha", "Beta", "zeta"]


async def test_anothers_application_does_not_exist(desk: Desk) -> None:
    ann, ben = await desk.actor("Ann"), await desk.actor("Ben")
    other = await Desk.new(desk.transactions)
    application, _ = await desk.application(ann)
    async with desk.transactions.open() as tx:
        assert (await accounts.get_application(tx, ann, application.id)) == application
        for stranger in (ben, other.owner):
            with pytest.raises(NotFound):
                await accounts.get_application(tx, stranger, application.id)
        with pytest.raises(NotFound):
            await accounts.delete_application(tx, other.owner, application.id)
        with pytest.raises(Forbidden):
            await accounts.delete_application(tx, ben, application.id)


# ---------------------------------------------------------------- keys of the Docs API


async def test_a_key_acts_as_its_user_until_ended(desk: Desk) -> None:
    agent = await desk.actor()
    mailbox_id = await desk.mailbox()
    async with desk.transactions.open() as tx:
        key_id, key = await accounts.create_api_key(tx, agent, "docs")
        await accounts.grant_mailbox(tx, desk.owner, agent.user_id, mailbox_id)
        actor = await accounts.authenticate_api_key(tx.connection, key)
        assert actor is not None
        assert (actor.user_id, actor.mailbox_ids) == (agent.user_id, frozenset({mailbox_id}))
        for wrong in ("", key + "x", "\ud800", "x" * 10_000):
            assert await accounts.authenticate_api_key(tx.connection, wrong) is None
        await accounts.revoke_api_key(tx, agent, key_id)
        assert await accounts.authenticate_api_key(tx.connection, key) is None


async def test_a_key_rests_while_its_user_is_deactivated(desk: Desk) -> None:
    agent = await desk.actor()
    async with desk.transactions.open() as tx:
        _, key = await accounts.create_api_key(tx, agent)
        await accounts.deactivate_user(tx, desk.owner, agent.user_id)
        assert await accounts.authenticate_api_key(tx.connection, key) is None


async def test_keys_are_ended_by_their_user_or_administrators(desk: Desk) -> None:
    ann, ben = await desk.actor("Ann"), await desk.actor("Ben")
    async with desk.transactions.open() as tx:
        key_id, _ = await accounts.create_api_key(tx, ann)
        with pytest.raises(NotFound):
            await accounts.revoke_api_key(tx, ben, key_id)
        await accounts.revoke_api_key(tx, desk.owner, key_id)
        with pytest.raises(NotFound):
            await accounts.revoke_api_key(tx, ann, key_id)
