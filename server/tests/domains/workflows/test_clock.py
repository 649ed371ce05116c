"""Time conditions: they come true by themselves, once, without gaps, and only for what crosses the limit."""

from __future__ import annotations

import pytest

from tests.desk import Desk, desk_with
from tests.domains.workflows.scene import Hand, converse, rule, runs, say, tags, tick, where
from tests.office import build
from waypost.domains import conversations
from waypost.domains.conversations import Status, ThreadType
from waypost.domains.workflows import Action

pytestmark = pytest.mark.anyio

TAG = Action(type="addTags", tags=["late"])
TWO_DAYS = {"amount": 2, "unit": "days"}


def turning() -> tuple[Hand, pytest.MarkDecorator]:
    hand = Hand()
    return hand, desk_with(clock=hand)


hand, turned = turning()


@pytest.fixture(autouse=True)
def wound_back() -> None:
    hand.now = Hand().now


@turned
async def test_waiting_too_long_is_noticed_once_and_again_after_an_answer(desk: Desk) -> None:
    office = await build(desk)
    workflow = await rule(
        office, [where("waitingSince", "longerAgoThan", TWO_DAYS)], [Action(type="addNote", text="!")]
    )
    conversation_id = await converse(office)
    await tick(desk)
    hand.turn(hours=47)
    await tick(desk)
    assert await runs(office, workflow) == []

    hand.turn(hours=1)
    await tick(desk)
    hand.turn(days=5)
    await tick(desk)
    (first,) = await runs(office, workflow)
    assert (first.conversation_id, first.cause) == (conversation_id, "clock")

    await say(office, conversation_id, ThreadType.MESSAGE)
    await tick(desk)
    await say(office, conversation_id, ThreadType.CUSTOMER)
    hand.turn(days=3)
    await tick(desk)
    assert len(await runs(office, workflow)) == 2


@turned
@pytest.mark.parametrize(
    "field", ["createdAt", "lastCustomerReplyAt", "lastUserReplyAt", "statusChangedAt", "waitingSince"]
)
async def test_each_time_counts_from_its_own_moment(desk: Desk, field: str) -> None:
    office = await build(desk)
    workflow = await rule(office, [where(field, "longerAgoThan", {"amount": 3, "unit": "hours"})], [TAG])
    conversation_id = await converse(office)
    hand.turn(hours=1)
    if field == "lastUserReplyAt":
        await say(office, conversation_id, ThreadType.MESSAGE)
    elif field == "lastCustomerReplyAt":
        await say(office, conversation_id, ThreadType.CUSTOMER)
    elif field == "statusChangedAt":
        async with desk.transactions.open() as tx:
            await conversations.change_status(tx, office.account.owner.actor, conversation_id, Status.PENDING)
    is_later = field in ("lastUserReplyAt", "lastCustomerReplyAt", "statusChangedAt")
    await tick(desk)

    hand.turn(hours=2)
    await tick(desk)
    assert len(await runs(office, workflow)) == (0 if is_later else 1)
    hand.turn(hours=1)
    await tick(desk)
    assert len(await runs(office, workflow)) == 1


@turned
async def test_a_worker_that_was_away_catches_up(desk: Desk) -> None:
    office = await build(desk)
    workflow = await rule(office, [where("createdAt", "longerAgoThan", {"amount": 1, "unit": "hours"})], [TAG])
    ids = []
    for _ in range(3):
        ids.append(await converse(office))
        hand.turn(minutes=20)
    await desk.run_workers()

    hand.turn(days=30)
    await tick(desk)

    assert sorted(run.conversation_id for run in await runs(office, workflow)) == ids


@turned
async def test_what_was_late_already_when_it_was_switched_on_is_left_alone(desk: Desk) -> None:
    office = await build(desk)
    await converse(office)
    await desk.run_workers()
    hand.turn(days=9)

    workflow = await rule(office, [where("createdAt", "longerAgoThan", TWO_DAYS)], [TAG])
    hand.turn(minutes=1)
    await tick(desk)

    assert await runs(office, workflow) == []


@turned
async def test_the_other_conditions_must_hold_as_well(desk: Desk) -> None:
    office = await build(desk)
    await rule(office, [where("createdAt", "longerAgoThan", TWO_DAYS), where("status", "is", "pending")], [TAG])
    conversation_id = await converse(office)
    hand.turn(days=3)
    await tick(desk)
    assert await tags(office, conversation_id) == set()

    async with desk.transactions.open() as tx:
        await conversations.change_status(tx, office.account.owner.actor, conversation_id, Status.PENDING)
    await tick(desk)

    assert await tags(office, conversation_id) == {"late"}


@turned
async def test_office_hours_are_waited_for(desk: Desk) -> None:
    office = await build(desk)
    hours = where("hour", "between", {"from": 9, "to": 17}, timezone="Europe/Vienna")
    workdays = where("dayOfWeek", "is", ["monday", "tuesday", "wednesday", "thursday", "friday"])
    workflow = await rule(
        office, [where("waitingSince", "longerAgoThan", {"amount": 8, "unit": "hours"}), hours, workdays], [TAG]
    )
    hand.turn(days=2, hours=3)  # Friday 15:00 UTC
    await converse(office)
    hand.turn(hours=8)  # Friday 23:00: long enough, but nobody is there
    await tick(desk)
    hand.turn(hours=36)
    await tick(desk)
    assert await runs(office, workflow) == []

    hand.turn(hours=21, minutes=-1)  # Monday 08:00 UTC is 9 o'clock in Vienna; one minute before
    await tick(desk)
    assert await runs(office, workflow) == []
    hand.turn(minutes=1)
    await tick(desk)

    assert len(await runs(office, workflow)) == 1


@turned
async def test_imported_conversations_do_not_grow_late(desk: Desk) -> None:
    office = await build(desk)
    workflow = await rule(office, [where("createdAt", "longerAgoThan", {"amount": 1, "unit": "hours"})], [TAG])
    await converse(office, is_imported=True)
    hand.turn(hours=2)
    await tick(desk)

    assert await runs(office, workflow) == []


@turned
async def test_one_that_is_switched_off_keeps_no_time(desk: Desk) -> None:
    from waypost.domains import workflows
    from waypost.domains.workflows import WorkflowStatus

    office = await build(desk)
    workflow = await rule(office, [where("createdAt", "longerAgoThan", {"amount": 1, "unit": "hours"})], [TAG])
    await converse(office)
    await desk.run_workers()
    for status in (WorkflowStatus.INACTIVE, WorkflowStatus.ACTIVE):
        async with desk.transactions.open() as tx:
            await workflows.set_status(tx, office.account.owner.actor, workflow, status)
        hand.turn(hours=2)
        await tick(desk)

    assert await runs(office, workflow) == []
