"""Automatic workflows: when they run, when they run again, in which order, and how they end when they go in circles."""

from __future__ import annotations

import pytest

from tests.domains.workflows.scene import converse, rule, runs, say, tags, where
from tests.office import Office
from waypost.domains import conversations, workflows
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Status, ThreadType
from waypost.domains.workflows import Action, Outcome, WorkflowStatus

pytestmark = pytest.mark.anyio

TAG = Action(type="addTags", tags=["seen"])
ACTIVE = where("status", "is", "active")


async def set_status(office: Office, conversation_id: int, status: Status) -> None:
    async with office.desk.transactions.open() as tx:
        await conversations.change_status(tx, office.account.owner.actor, conversation_id, status)
    await office.desk.run_workers()


async def set_tags(office: Office, conversation_id: int, names: list[str]) -> None:
    async with office.desk.transactions.open() as tx:
        await conversations.put_tags(tx, office.account.owner.actor, conversation_id, names)
    await office.desk.run_workers()


async def test_a_conversation_that_fits_is_worked_on_and_the_history_says_why(office: Office) -> None:
    workflow = await rule(office, [where("subject", "contains", "refund")], [TAG])
    fits, does_not = await converse(office, subject="My REFUND"), await converse(office, subject="Other")
    await office.desk.run_workers()

    (run,) = await runs(office, workflow)

    assert await tags(office, fits) == {"seen"}
    assert await tags(office, does_not) == set()
    assert (run.conversation_id, run.cause, run.outcome) == (fits, "event", Outcome.DONE)
    assert run.event_type == "convo.created"
    assert [(finding.field, finding.holds, finding.actual) for finding in run.conditions] == [
        ("subject", True, "My REFUND")
    ]
    assert [(done.type, done.outcome, done.detail) for done in run.actions] == [("addTags", "done", "seen")]


async def test_it_runs_once_as_long_as_its_conditions_hold(office: Office) -> None:
    workflow = await rule(office, [ACTIVE], [Action(type="addNote", text="Seen")])
    conversation_id = await converse(office)
    await office.desk.run_workers()
    await say(office, conversation_id, ThreadType.CUSTOMER)
    await set_tags(office, conversation_id, ["a"])
    await set_tags(office, conversation_id, ["b"])
    assert len(await runs(office, workflow)) == 1

    await set_status(office, conversation_id, Status.CLOSED)
    assert len(await runs(office, workflow)) == 1
    await set_status(office, conversation_id, Status.ACTIVE)

    assert len(await runs(office, workflow)) == 2


async def test_one_that_asks_for_an_event_runs_at_each(office: Office) -> None:
    workflow = await rule(office, [where("event", "is", "customerReply")], [Action(type="addNote", text="Again")])
    conversation_id = await converse(office)
    await office.desk.run_workers()
    assert await runs(office, workflow) == []

    await say(office, conversation_id, ThreadType.CUSTOMER)
    await say(office, conversation_id, ThreadType.CUSTOMER)
    await say(office, conversation_id, ThreadType.MESSAGE)
    await set_tags(office, conversation_id, ["x"])

    assert [run.event_type for run in await runs(office, workflow)] == ["convo.customer.reply.created"] * 2


@pytest.mark.parametrize(
    ("word", "kind"),
    [("agentReply", ThreadType.MESSAGE), ("note", ThreadType.NOTE), ("customerReply", ThreadType.CUSTOMER)],
)
async def test_each_event_is_told_apart(office: Office, word: str, kind: ThreadType) -> None:
    workflow = await rule(office, [where("event", "is", word)], [TAG])
    conversation_id = await converse(office)
    others = {ThreadType.MESSAGE, ThreadType.NOTE, ThreadType.CUSTOMER} - {kind}
    for other in sorted(others, key=lambda one: one.value):
        await say(office, conversation_id, other)
    await office.desk.run_workers()
    assert await runs(office, workflow) == []

    await say(office, conversation_id, kind)
    await office.desk.run_workers()

    assert len(await runs(office, workflow)) == 1


async def test_a_new_conversation_is_an_event_of_its_own(office: Office) -> None:
    workflow = await rule(office, [where("event", "is", "newConversation")], [TAG])
    by_customer, by_user = await converse(office), await converse(office, by_user=True)
    await office.desk.run_workers()

    assert sorted(run.conversation_id for run in await runs(office, workflow)) == [by_customer, by_user]


async def test_a_workflow_does_not_set_itself_off(office: Office) -> None:
    workflow = await rule(office, [where("event", "isNot", "newConversation")], [Action(type="addNote", text="Loop")])
    conversation_id = await converse(office)
    await set_tags(office, conversation_id, ["start"])
    await office.desk.run_workers()

    done = [run for run in await runs(office, workflow) if run.outcome is Outcome.DONE]

    assert len(done) == 1


async def test_they_run_in_the_order_of_the_mailbox_and_see_what_those_before_did(office: Office) -> None:
    second = await rule(office, [where("tags", "is", "first")], [Action(type="addTags", tags=["second"])])
    first = await rule(office, [ACTIVE], [Action(type="addTags", tags=["first"])])
    third = await rule(office, [where("tags", "isNot", "second")], [Action(type="addTags", tags=["third"])])
    async with office.desk.transactions.open() as tx:
        await workflows.put_in_order(tx, office.account.owner.actor, office.support.id, [first, second, third])

    conversation_id = await converse(office)
    await office.desk.run_workers()

    assert await tags(office, conversation_id) == {"first", "second"}
    (run,) = await runs(office, second)
    assert run.chain == [first, second]
    assert await runs(office, third) == []


async def test_two_that_undo_each_other_end_and_say_so(office: Office) -> None:
    adds = await rule(office, [where("tags", "isNot", "x")], [Action(type="addTags", tags=["x"])], name="Adds")
    removes = await rule(office, [where("tags", "is", "x")], [Action(type="removeTags", tags=["x"])], name="Removes")
    conversation_id = await converse(office)
    await office.desk.run_workers()

    outcomes = [run.outcome for workflow in (adds, removes) for run in await runs(office, workflow)]
    skipped = [
        run for workflow in (adds, removes) for run in await runs(office, workflow) if run.outcome is Outcome.SKIPPED
    ]

    assert outcomes.count(Outcome.DONE) <= 4
    assert len(skipped) == 1
    assert "undo each other" in skipped[0].reason
    assert str(adds) in skipped[0].reason
    assert str(removes) in skipped[0].reason
    assert await office.desk.run_workers() == 0
    assert await tags(office, conversation_id) in ({"x"}, set())


@pytest.mark.parametrize("is_reversed", [False, True], ids=["within one look", "from fact to fact"])
async def test_a_chain_is_cut_after_25_links(office: Office, is_reversed: bool) -> None:
    ids = [
        await rule(office, [where("tags", "is", f"t{place}")], [Action(type="addTags", tags=[f"t{place + 1}"])])
        for place in range(30)
    ]
    if is_reversed:
        async with office.desk.transactions.open() as tx:
            await workflows.put_in_order(tx, office.account.owner.actor, office.support.id, ids[::-1])
    conversation_id = await converse(office)
    await set_tags(office, conversation_id, ["t0"])
    await office.desk.run_workers()

    outcomes = [[run.outcome for run in await runs(office, workflow)] for workflow in ids]

    assert outcomes[:25] == [[Outcome.DONE]] * 25
    assert outcomes[25] == [Outcome.CUT]
    assert outcomes[26:] == [[]] * 4
    (cut,) = await runs(office, ids[25])
    assert "25 workflows have set each other off" in cut.reason
    assert cut.chain == ids[:26]


async def test_many_that_fit_on_their_own_are_no_chain(office: Office) -> None:
    ids = [await rule(office, [ACTIVE], [Action(type="addTags", tags=[f"t{place}"])]) for place in range(28)]
    conversation_id = await converse(office)
    await office.desk.run_workers()

    assert len(await tags(office, conversation_id)) == 28
    assert [len((await runs(office, workflow))[0].chain) for workflow in ids] == [1] * 28


async def test_imported_conversations_are_left_alone_until_something_happens(office: Office) -> None:
    workflow = await rule(office, [ACTIVE], [TAG])
    conversation_id = await converse(office, is_imported=True, tags=["old"])
    await set_tags(office, conversation_id, ["tidied"])
    assert await runs(office, workflow) == []

    await say(office, conversation_id, ThreadType.CUSTOMER)
    await office.desk.run_workers()

    assert len(await runs(office, workflow)) == 1


async def test_what_happened_before_it_was_switched_on_does_not_count(office: Office) -> None:
    first = await rule(office, [where("event", "is", "newConversation")], [TAG])
    await converse(office)
    async with office.desk.transactions.open() as tx:
        await tx.connection.execute("update workflow set activated_at = now() + interval '1 hour' where id = $1", first)
    await office.desk.run_workers()

    assert await runs(office, first) == []


async def test_a_moved_conversation_is_the_other_mailboxs(office: Office) -> None:
    move = await rule(office, [ACTIVE], [Action(type="move", mailbox_id=office.sales.id)], name="Move")
    after = await rule(office, [ACTIVE], [Action(type="addTags", tags=["support"])])
    there = await rule(office, [ACTIVE], [Action(type="addTags", tags=["sales"])], mailbox=office.sales)
    conversation_id = await converse(office)
    await office.desk.run_workers()

    assert await tags(office, conversation_id) == {"sales"}
    assert await runs(office, after) == []
    (run,) = await runs(office, there)
    assert (run.chain, run.event_type) == ([move, there], "convo.moved")


async def test_one_that_fails_is_undone_and_the_others_go_on(office: Office) -> None:
    leaver = await office.desk.make.user(office.account)
    fails = await rule(office, [ACTIVE], [TAG, Action(type="assign", assign_to=leaver.id)])
    works = await rule(office, [ACTIVE], [Action(type="addTags", tags=["other"])])
    async with office.desk.connection() as connection:
        await connection.execute("update account_user set status = 'deactivated' where id = $1", leaver.id)
    conversation_id = await converse(office)
    await office.desk.run_workers()

    (failed,) = await runs(office, fails)

    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "assign: user does not exist")
    assert failed.actions == []
    assert await tags(office, conversation_id) == {"other"}
    assert len(await runs(office, works)) == 1


async def test_a_rule_on_somebody_who_has_left_becomes_invalid_by_itself(office: Office) -> None:
    leaver = await office.desk.make.user(office.account)
    workflow = await rule(
        office, [ACTIVE, where("assignee", "is", leaver.id)], [Action(type="assign", assign_to=leaver.id)]
    )
    owner = office.account.owner.actor
    from waypost.domains import accounts

    async with office.desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, owner, leaver.id)
    await office.desk.run_workers()

    async with office.desk.transactions.read() as tx:
        found = await workflows.get(tx, owner, workflow)
    assert found.status is WorkflowStatus.INVALID
    assert [(problem.path, problem.message) for problem in found.problems] == [
        ("conditions[1].any[0].value", "user does not exist"),
        ("actions[0].assignTo", "user does not exist"),
    ]

    async with office.desk.transactions.open() as tx:
        await accounts.reactivate_user(tx, owner, leaver.id)
    await office.desk.run_workers()
    async with office.desk.transactions.read() as tx:
        again = await workflows.get(tx, owner, workflow)
    assert (again.status, again.problems) == (WorkflowStatus.INACTIVE, [])


async def test_the_timeline_and_the_facts_say_which_workflow_it_was(office: Office) -> None:
    async with office.desk.connection() as connection:
        team = await connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', 'Tier 2') returning id",
            office.account.id,
        )
    workflow = await rule(office, [ACTIVE], [Action(type="assign", assign_to=team)], name="To Tier 2")
    conversation_id = await converse(office)
    await office.desk.run_workers()

    client = await office.client()
    v2 = (await client.get(f"/v2/conversations/{conversation_id}/threads")).json()["_embedded"]["threads"]
    v3 = (await client.get(f"/v3/conversations/{conversation_id}/threads")).json()["_embedded"]["threads"]
    lines = {thread["action"]["text"]: thread for thread in v3 if thread["type"] == "lineitem"}

    assert set(lines) == {"Assigned to Tier 2", "Workflow “To Tier 2” ran"}
    for line in lines.values():
        assert line["action"]["type"] == "workflow"
        assert line["action"]["associatedEntities"]["workflow"] == workflow
        assert line["createdBy"]["type"] == "system_user"
        assert line["createdBy"]["first"] == "Workflow"
        assert line["source"] == {"type": "workflows", "via": "user"}
    assert {thread["createdBy"]["type"] for thread in v2} == {"customer", "user"}
    async with office.desk.connection() as connection:
        cause = await connection.fetchval(
            "select data -> 'cause' from event where type = 'convo.assigned' and subject_id = $1", conversation_id
        )
    assert (cause["workflow_id"], cause["chain"], cause["depth"]) == (workflow, [workflow], 1)


async def test_drafts_and_deleted_conversations_are_left_alone(office: Office) -> None:
    workflow = await rule(office, [ACTIVE], [TAG])
    conversation_id = await converse(office)
    async with office.desk.transactions.open() as tx:
        await conversations.delete(tx, office.account.owner.actor, conversation_id)
    await office.desk.run_workers()

    assert await runs(office, workflow) == []


async def test_a_customer_who_is_deleted_takes_the_history_along(office: Office) -> None:
    from waypost.domains import customers

    workflow = await rule(office, [where("customerEmail", "contains", "marked")], [TAG])
    conversation_id = await converse(office, email="marked@example.com")
    await office.desk.run_workers()
    assert len(await runs(office, workflow)) == 1
    async with office.desk.transactions.open() as tx:
        found = await conversations.get(tx, office.account.owner.actor, conversation_id)
        await customers.delete(tx, Actor.system(office.account.id), found.primary_customer.id)

    async with office.desk.connection() as connection:
        kept = await connection.fetchval("select count(*) from workflow_run where workflow_id = $1", workflow)
    assert kept == 0


async def test_a_conversation_that_is_being_merged_is_waited_for(office: Office) -> None:
    workflow = await rule(office, [ACTIVE], [TAG])
    conversation_id = await converse(office)
    async with office.desk.connection() as connection:
        await connection.execute("update conversation set locked_at = now() where id = $1", conversation_id)
    with pytest.raises(BaseExceptionGroup):
        await office.desk.run_workers()
    assert await runs(office, workflow) == []

    async with office.desk.connection() as connection:
        await connection.execute("update conversation set locked_at = null where id = $1", conversation_id)
        await connection.execute("update pgqueuer set execute_after = now() where status = 'queued'")
    await office.desk.run_workers()

    assert len(await runs(office, workflow)) == 1


async def test_facts_of_a_mailbox_without_automatic_workflows_are_not_kept(office: Office) -> None:
    await rule(office, [], [TAG], kind="manual")
    await rule(office, [ACTIVE], [TAG], mailbox=office.sales)
    await converse(office)
    await office.desk.run_workers()

    async with office.desk.connection() as connection:
        kept = await connection.fetchval(
            "select count(*) from workflow_pending where account_id = $1", office.account.id
        )
    assert kept == 0


async def came_back(office: Office, conversation_id: int, thread_id: int, *, is_by_workflow: bool = False) -> None:
    """The two ways in which a reply fails: a server refuses it, or sends it back later."""
    desk = Actor.system(office.account.id)
    async with office.desk.transactions.open() as tx:
        await conversations.note_failed_reply(tx, desk, conversation_id, thread_id, "550 no such user")
        await conversations.note_bounce(
            tx, desk, conversation_id, thread_id, "5.1.1", reopens=False, is_by_workflow=is_by_workflow
        )
    await office.desk.run_workers()


async def test_a_reply_that_does_not_arrive_is_an_event_and_a_dry_run_knows_it(office: Office) -> None:
    condition = where("event", "is", "deliveryFailed")
    workflow = await rule(office, [condition], [TAG, Action(type="changeStatus", status="active")])
    conversation_id, other = await converse(office), await converse(office)
    thread_id = await say(office, conversation_id, ThreadType.MESSAGE)
    await say(office, other, ThreadType.MESSAGE)
    await office.desk.run_workers()
    assert await runs(office, workflow) == []

    await came_back(office, conversation_id, thread_id)

    found = await runs(office, workflow)
    assert {run.event_type for run in found} == {"convo.reply.failed", "convo.reply.bounced"}
    assert await tags(office, conversation_id) == {"seen"}
    client = await office.client()
    body = {
        "mailboxId": office.support.id,
        "type": "automatic",
        "conditions": [{"any": [{"field": "event", "operator": "is", "value": "deliveryFailed"}]}],
        "actions": [{"type": "addTags", "tags": ["seen"]}],
    }
    answer = await client.post("/v2/workflows/dry-run", json=body)
    assert answer.status_code == 200, answer.text
    assert [trial["conversationId"] for trial in answer.json()["_embedded"]["conversations"]] == [conversation_id]


async def test_what_a_workflow_wrote_and_does_not_arrive_sets_nothing_off(office: Office) -> None:
    replying = await rule(office, [where("event", "is", "newConversation")], [Action(type="reply", text="We look")])
    answering = await rule(office, [where("event", "is", "deliveryFailed")], [Action(type="reply", text="Once more")])
    conversation_id = await converse(office)
    await office.desk.run_workers()
    assert len(await runs(office, replying)) == 1
    async with office.desk.connection() as connection:
        thread_id = await connection.fetchval(
            "select id from thread where conversation_id = $1 and action_type = 'workflow' and type = 'message'",
            conversation_id,
        )

    await came_back(office, conversation_id, thread_id, is_by_workflow=True)

    assert await runs(office, answering) == []
