"""RFC 9700's list and the rules of spec 2.3, against a real database with real parallel connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.domains.accounts.conftest import Clock
from tests.domains.accounts.make import Desk, granted
from waypost.domains import accounts
from waypost.domains.accounts import OAuthApplication, Refusal, Tokens, grants
from waypost.kit.errors import Forbidden, Invalid
from waypost.kit.secrets import new_token
from waypost.kit.tx import Tx

Outcome = Tokens | Refusal


async def works(desk: Desk, access_token: str) -> bool:
    async with desk.transactions.read() as tx:
        return await accounts.authenticate(tx.connection, access_token, tx.now) is not None


async def in_tx(desk: Desk, verb: Callable[[Tx], Awaitable[Outcome]]) -> Outcome:
    async with desk.transactions.open() as tx:
        return await verb(tx)


async def refresh(desk: Desk, application: OAuthApplication, token: str | None) -> Outcome:
    assert token is not None
    return await in_tx(desk, lambda tx: grants.refresh(tx, application, token))


async def exchange(desk: Desk, application: OAuthApplication, code: str, verifier: str | None = None) -> Outcome:
    return await in_tx(desk, lambda tx: grants.exchange_code(tx, application, code, verifier))


async def issue(desk: Desk, application: OAuthApplication, user_id: int, challenge: str | None = None) -> str:
    async with desk.transactions.open() as tx:
        return await grants.issue_code(tx, application, user_id, challenge)


@pytest.fixture
async def application(desk: Desk) -> OAuthApplication:
    made, _ = await desk.application()
    return made


# ---------------------------------------------------------------- client credentials


async def test_several_client_tokens_are_valid_at_once(desk: Desk, application: OAuthApplication) -> None:
    tokens = [await desk.client_token(application) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert [await works(desk, token) for token in tokens] == [True] * 3


async def test_an_inactive_owner_gets_no_token(desk: Desk) -> None:
    agent = await desk.actor()
    application, _ = await desk.application(agent)
    async with desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, desk.owner, agent.user_id)
    assert await in_tx(desk, lambda tx: grants.client_credentials(tx, application)) is Refusal.CLIENT


# ---------------------------------------------------------------- codes


async def test_a_code_acts_as_the_one_who_consented(desk: Desk, application: OAuthApplication) -> None:
    agent = await desk.actor()
    tokens = await desk.consent(application, agent.user_id)
    async with desk.transactions.read() as tx:
        credential = await accounts.authenticate(tx.connection, tokens.access_token, tx.now)
    assert credential is not None
    assert credential.actor.user_id == agent.user_id
    assert credential.actor.role is accounts.Role.USER


async def test_the_second_use_of_a_code_ends_the_whole_family(desk: Desk, application: OAuthApplication) -> None:
    bystander = await desk.consent(application, desk.owner.user_id)
    code = await issue(desk, application, desk.owner.user_id)
    first = granted(await exchange(desk, application, code))
    second = granted(await refresh(desk, application, first.refresh_token))
    assert await exchange(desk, application, code) is Refusal.CODE
    assert not await works(desk, second.access_token)
    assert await refresh(desk, application, second.refresh_token) is Refusal.REFRESH_TOKEN
    assert await works(desk, bystander.access_token)
    assert (await desk.facts("token.reused")) == ["token.reused"]


async def test_a_code_ends_after_ten_minutes(desk: Desk, application: OAuthApplication, clock: Clock) -> None:
    in_time, late = [await issue(desk, application, desk.owner.user_id) for _ in range(2)]
    clock.move(minutes=9, seconds=59)
    granted(await exchange(desk, application, in_time))
    clock.move(seconds=1)
    assert await exchange(desk, application, late) is Refusal.CODE


async def test_a_code_of_another_application_is_none(desk: Desk, application: OAuthApplication) -> None:
    other, _ = await desk.application()
    code = await issue(desk, application, desk.owner.user_id)
    assert await exchange(desk, other, code) is Refusal.CODE
    # The wrong hands have not used it up either.
    granted(await exchange(desk, application, code))


async def test_pkce(desk: Desk, application: OAuthApplication) -> None:
    verifier = new_token(40)
    code = await issue(desk, application, desk.owner.user_id, create_s256_code_challenge(verifier))
    for wrong in (None, "", new_token(40), verifier + "x", "\ud800"):
        assert await exchange(desk, application, code, wrong) is Refusal.CODE
    granted(await exchange(desk, application, code, verifier))


async def test_a_verifier_without_a_challenge_is_refused(desk: Desk, application: OAuthApplication) -> None:
    code = await issue(desk, application, desk.owner.user_id)
    assert await exchange(desk, application, code, new_token(40)) is Refusal.CODE


async def test_a_challenge_that_is_none_is_refused(desk: Desk, application: OAuthApplication) -> None:
    with pytest.raises(Invalid):
        await issue(desk, application, desk.owner.user_id, "plain")


async def test_who_is_not_active_cannot_consent(desk: Desk, application: OAuthApplication) -> None:
    agent = await desk.actor()
    code = await issue(desk, application, agent.user_id)
    async with desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, desk.owner, agent.user_id)
    with pytest.raises(Forbidden):
        await issue(desk, application, agent.user_id)
    assert await exchange(desk, application, code) is Refusal.CODE


async def test_a_user_of_another_account_cannot_consent(desk: Desk, application: OAuthApplication) -> None:
    other = await Desk.new(desk.transactions)
    with pytest.raises(Forbidden):
        await issue(desk, application, other.owner.user_id)


# ---------------------------------------------------------------- refreshing


async def test_every_refresh_gives_a_new_pair_and_ends_the_old_access(
    desk: Desk, application: OAuthApplication, clock: Clock
) -> None:
    pair = await desk.consent(application, desk.owner.user_id)
    seen = {pair.access_token, pair.refresh_token}
    for _ in range(3):
        clock.move(days=30)
        after = granted(await refresh(desk, application, pair.refresh_token))
        assert not seen & {after.access_token, after.refresh_token}
        assert not await works(desk, pair.access_token)
        assert await works(desk, after.access_token)
        seen |= {after.access_token, after.refresh_token}
        pair = after


async def test_a_retry_within_a_minute_gets_another_pair(
    desk: Desk, application: OAuthApplication, clock: Clock
) -> None:
    old = await desk.consent(application, desk.owner.user_id)
    lost = granted(await refresh(desk, application, old.refresh_token))
    clock.move(seconds=60)
    retried = granted(await refresh(desk, application, old.refresh_token))
    assert retried.refresh_token != lost.refresh_token
    assert not await works(desk, old.access_token)
    # Whichever of the two answers reached the client works.
    assert await works(desk, lost.access_token)
    assert await works(desk, retried.access_token)


async def test_reuse_after_the_grace_ends_the_family(desk: Desk, application: OAuthApplication, clock: Clock) -> None:
    old = await desk.consent(application, desk.owner.user_id)
    new = granted(await refresh(desk, application, old.refresh_token))
    clock.move(seconds=61)
    assert await refresh(desk, application, old.refresh_token) is Refusal.REFRESH_TOKEN
    assert not await works(desk, new.access_token)
    assert await refresh(desk, application, new.refresh_token) is Refusal.REFRESH_TOKEN
    assert (await desk.facts("token.reused")) == ["token.reused"]


async def test_the_grace_ends_when_the_new_token_is_used(desk: Desk, application: OAuthApplication) -> None:
    first = await desk.consent(application, desk.owner.user_id)
    second = granted(await refresh(desk, application, first.refresh_token))
    third = granted(await refresh(desk, application, second.refresh_token))
    assert await refresh(desk, application, first.refresh_token) is Refusal.REFRESH_TOKEN
    assert not await works(desk, third.access_token)


async def test_of_two_branches_only_one_lives_on(desk: Desk, application: OAuthApplication) -> None:
    first = await desk.consent(application, desk.owner.user_id)
    mine, thiefs = [granted(await refresh(desk, application, first.refresh_token)) for _ in range(2)]
    used = granted(await refresh(desk, application, mine.refresh_token))
    assert not await works(desk, thiefs.access_token)
    assert await works(desk, used.access_token)
    assert await refresh(desk, application, thiefs.refresh_token) is Refusal.REFRESH_TOKEN
    assert not await works(desk, used.access_token)


async def test_a_refresh_token_of_another_application_is_none(desk: Desk, application: OAuthApplication) -> None:
    other, _ = await desk.application()
    pair = await desk.consent(application, desk.owner.user_id)
    assert await refresh(desk, other, pair.refresh_token) is Refusal.REFRESH_TOKEN
    granted(await refresh(desk, application, pair.refresh_token))


async def test_an_access_token_does_not_refresh(desk: Desk, application: OAuthApplication) -> None:
    pair = await desk.consent(application, desk.owner.user_id)
    assert await refresh(desk, application, pair.access_token) is Refusal.REFRESH_TOKEN
    assert await works(desk, pair.access_token)


async def test_deactivation_ends_refreshing_for_good(desk: Desk, application: OAuthApplication) -> None:
    agent = await desk.actor()
    pair = await desk.consent(application, agent.user_id)
    async with desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, desk.owner, agent.user_id)
    assert await refresh(desk, application, pair.refresh_token) is Refusal.REFRESH_TOKEN
    async with desk.transactions.open() as tx:
        await accounts.reactivate_user(tx, desk.owner, agent.user_id)
    assert await refresh(desk, application, pair.refresh_token) is Refusal.REFRESH_TOKEN
    assert not await works(desk, pair.access_token)


# ---------------------------------------------------------------- at the same time


async def test_of_many_parallel_uses_of_a_code_one_counts(desk: Desk, application: OAuthApplication) -> None:
    code = await issue(desk, application, desk.owner.user_id)
    outcomes = await asyncio.gather(*[exchange(desk, application, code) for _ in range(6)])
    given = [one for one in outcomes if isinstance(one, Tokens)]
    assert len(given) == 1
    assert outcomes.count(Refusal.CODE) == 5
    # The others were second uses, so what the first gave has ended.
    assert not await works(desk, given[0].access_token)


async def test_parallel_refreshes_of_one_token_all_give_working_pairs(
    desk: Desk, application: OAuthApplication
) -> None:
    old = await desk.consent(application, desk.owner.user_id)
    outcomes = await asyncio.gather(*[refresh(desk, application, old.refresh_token) for _ in range(6)])
    pairs = [granted(one) for one in outcomes]
    assert len({pair.access_token for pair in pairs}) == 6
    assert all([await works(desk, pair.access_token) for pair in pairs])
    assert not await works(desk, old.access_token)


async def test_parallel_refreshes_of_two_branches_leave_one_or_none(desk: Desk, application: OAuthApplication) -> None:
    for _ in range(5):
        first = await desk.consent(application, desk.owner.user_id)
        branches = [granted(await refresh(desk, application, first.refresh_token)) for _ in range(2)]
        outcomes = await asyncio.gather(*[refresh(desk, application, one.refresh_token) for one in branches])
        given = [one for one in outcomes if isinstance(one, Tokens)]
        # The loser's token was withdrawn by the winner, and counts as reuse: then the winner's ends too.
        assert len(given) == 1
        assert not await works(desk, given[0].access_token)


@pytest.mark.parametrize("ending", ["deactivate", "delete user", "delete application", "reset"])
async def test_no_token_survives_an_ending_at_the_same_time(desk: Desk, ending: str) -> None:
    agent = await desk.actor()
    application, secret = await desk.application(agent)
    pair = await desk.consent(application, agent.user_id)

    async def ask(grant: Callable[[Tx], Awaitable[Outcome]]) -> list[str]:
        tokens: list[str] = []
        for _ in range(4):
            async with desk.transactions.open() as tx:
                if await accounts.check_secret(tx.connection, application.client_id, secret) is None:
                    return tokens
                outcome = await grant(tx)
            if isinstance(outcome, Refusal):
                return tokens
            tokens.append(outcome.access_token)
        return tokens

    async def end() -> list[str]:
        async with desk.transactions.open() as tx:
            match ending:
                case "deactivate":
                    await accounts.deactivate_user(tx, desk.owner, agent.user_id)
                case "delete user":
                    await accounts.delete_user(tx, desk.owner, agent.user_id)
                case "delete application":
                    await accounts.delete_application(tx, agent, application.id)
                case _:
                    await accounts.reset_secret(tx, agent, application.id)
        return []

    refresh_token = pair.refresh_token
    assert refresh_token is not None
    lists = await asyncio.gather(
        ask(lambda tx: grants.client_credentials(tx, application)),
        ask(lambda tx: grants.refresh(tx, application, refresh_token)),
        end(),
        ask(lambda tx: grants.client_credentials(tx, application)),
    )
    live = await desk.transactions.pool.fetchval("select count(*) from oauth_token where revoked_at is null")
    assert live == 0
    assert not [token for tokens in lists for token in tokens if await works(desk, token)]


# ---------------------------------------------------------------- upkeep


async def test_what_ended_long_ago_is_deleted_and_nothing_else(
    desk: Desk, application: OAuthApplication, clock: Clock
) -> None:
    pair = await desk.consent(application, desk.owner.user_id)
    await desk.client_token(application)
    pair = granted(await refresh(desk, application, pair.refresh_token))
    clock.move(days=29)
    async with desk.transactions.open() as tx:
        assert await grants.delete_spent(tx) == 0
    clock.move(days=3, minutes=1)
    fresh = await desk.client_token(application)
    async with desk.transactions.open() as tx:
        # The code, the withdrawn access token, the two that ran out.
        assert await grants.delete_spent(tx) == 4
    assert await works(desk, fresh)
    granted(await refresh(desk, application, pair.refresh_token))
