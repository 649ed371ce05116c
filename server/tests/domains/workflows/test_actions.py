"""Every action on real rows: what it changes, what it says in the history, and what leaves the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.desk import running_desk
from tests.domains.mail import letters
from tests.domains.workflows.scene import converse, rule, runs, say, tags, where
from tests.office import Office, build
from tests.receiver import receiving
from waypost.domains import conversations, mailboxes
from waypost.domains.conversations import Conversation, NewAttachment, Thread, ThreadType
from waypost.domains.mail import Bounce, FailedRecipient, read_token
from waypost.domains.mailboxes import FieldType, SavedReplyChange
from waypost.domains.workflows import Action, Outcome, Run, action_types
from waypost.edges.mail_io.parse import parse_message
from waypost.edges.mail_io.sink import MailSink
from waypost.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


class Post:
    """An office whose mail ends in a sink."""

    def __init__(self, office: Office, sink: MailSink) -> None:
        self.office = office
        self.sink = sink

    def mails_to(self, address: str) -> list[Any]:
        found = [message for message in self.sink.messages() if address in str(message)]
        return [self.sink.message(message.id) for message in found]


@pytest.fixture(scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailSink]:
    async with MailSink(tmp_path_factory.mktemp("sink")) as running:
        yield running


@pytest.fixture(scope="module")
async def post_office(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory, sink: MailSink
) -> AsyncIterator[Post]:
    changes = {"smtp_url": sink.url, "allow_insecure_webhooks": True, "outgoing_allow": ("localhost",)}
    async with running_desk(module_database_url, tmp_path_factory.mktemp("desk"), **changes) as desk:
        yield Post(await build(desk), sink)


async def act(office: Office, conversation_id: int, *actions: Action) -> Run:
    """Run these actions by hand, and all that follows."""
    workflow = await rule(office, [], list(actions), kind="manual")
    client = await office.client(office.user)
    answer = await client.post(f"/v2/workflows/{workflow}/run", json={"conversationIds": [conversation_id]})
    assert answer.status_code == 204, answer.text
    await office.desk.run_workers()
    (run,) = await runs(office, workflow)
    return run


async def found(office: Office, conversation_id: int) -> Conversation:
    async with office.desk.transactions.read() as tx:
        return await conversations.get(tx, office.account.owner.actor, conversation_id)


async def threads(office: Office, conversation_id: int, kind: ThreadType) -> list[Thread]:
    async with office.desk.transactions.read() as tx:
        page = await conversations.list_threads(tx, office.account.owner.actor, conversation_id, PageRequest(1, 100))
    return [thread for thread in page.items if thread.type is kind]


async def test_assigning_to_a_user_a_team_and_nobody(post_office: Post) -> None:
    office = post_office.office
    async with office.desk.connection() as connection:
        team = await connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', 'Two') returning id",
            office.account.id,
        )
    conversation_id = await converse(office)

    for assignee in (office.user.id, team, None):
        run = await act(office, conversation_id, Action(type="assign", assign_to=assignee))
        assigned = (await found(office, conversation_id)).assignee
        assert (assigned.id if assigned else None) == assignee
        assert [(done.type, done.outcome) for done in run.actions] == [("assign", "done")]
    again = await act(office, conversation_id, Action(type="assign", assign_to=None))
    assert [done.outcome for done in again.actions] == ["unchanged"]


async def test_tags_status_and_subject(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, subject="Old", tags=["kept", "gone"])

    run = await act(
        office,
        conversation_id,
        Action(type="addTags", tags=["New Tag", "kept"]),
        Action(type="removeTags", tags=["GONE", "never there"]),
        Action(type="changeSubject", subject="{{customer.firstName | You}}: {{conversation.subject}}"),
        Action(type="changeStatus", status="closed"),
    )

    after = await found(office, conversation_id)
    assert await tags(office, conversation_id) == {"kept", "new tag"}
    assert (after.subject, after.status) == ("You: Old", "closed")
    assert after.closed_by is None
    assert [done.outcome for done in run.actions] == ["done"] * 4


async def test_custom_fields_are_set_and_cleared(post_office: Post) -> None:
    office, owner = post_office.office, post_office.office.account.owner.actor
    async with office.desk.transactions.open() as tx:
        plan = await mailboxes.create_field(tx, owner, office.support.id, "Plan", FieldType.DROPDOWN, ["Gold", "Tin"])
        size = await mailboxes.create_field(tx, owner, office.support.id, "Size", FieldType.NUMBER)
    conversation_id = await converse(office, fields=[(size.id, "3")])

    await act(office, conversation_id, Action(type="setField", field_id=plan.id, value="gold"))
    first = {value.name: value.text for value in (await found(office, conversation_id)).fields}
    await act(office, conversation_id, Action(type="setField", field_id=size.id, value=""))
    second = {value.name: value.text for value in (await found(office, conversation_id)).fields}

    assert first == {"Plan": "Gold", "Size": "3"}
    assert second == {"Plan": "Gold"}


async def test_notes_and_replies_say_which_workflow_wrote_them(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, email="reply@example.com")

    run = await act(
        office,
        conversation_id,
        Action(type="addNote", text="Look: <b>{{customer.email}}</b>"),
        Action(type="reply", text="Hello {{customer.firstName | there}}, about {{conversation.subject}}"),
    )

    (note,) = await threads(office, conversation_id, ThreadType.NOTE)
    (reply,) = await threads(office, conversation_id, ThreadType.MESSAGE)
    (mail,) = post_office.mails_to("reply@example.com")
    assert note.body == "Look: <b>reply@example.com</b>"
    assert reply.body == "Hello there, about Hello"
    for thread in (note, reply):
        assert thread.action_type == "manual-workflow"
        assert thread.action_entities == {"workflow": run.workflow_id}
        assert (thread.created_by.type, thread.created_by.first) == ("system_user", "Workflow")
        assert thread.source_type == "workflows"
    assert "Hello there, about Hello" in str(mail)
    assert "Workflow (" not in str(mail)


async def test_a_saved_reply_is_sent_as_it_is_by_then(post_office: Post) -> None:
    office, owner = post_office.office, post_office.office.account.owner.actor
    async with office.desk.transactions.open() as tx:
        saved = await mailboxes.saved_replies.create(
            tx, owner, office.support.id, SavedReplyChange(name="Hi", text="Dear {{customer.lastName | friend}}")
        )
    conversation_id = await converse(office, email="saved@example.com")

    await act(office, conversation_id, Action(type="reply", saved_reply_id=saved.id))

    (reply,) = await threads(office, conversation_id, ThreadType.MESSAGE)
    assert (reply.body, reply.saved_reply_id) == ("Dear friend", saved.id)
    async with office.desk.transactions.open() as tx:
        await mailboxes.saved_replies.delete(tx, owner, saved.id)
    await office.desk.run_workers()
    client = await office.client()
    listed = (await client.get("/v2/workflows?limit=100")).json()["_embedded"]["workflows"]
    assert "invalid" in {item["status"] for item in listed}


async def test_values_of_customers_cannot_become_markup(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, subject="<img src=x onerror=alert(1)>{{customer.email}}")

    await act(office, conversation_id, Action(type="addNote", text="About {{conversation.subject}}"))

    (note,) = await threads(office, conversation_id, ThreadType.NOTE)
    assert note.body == "About &lt;img src=x onerror=alert(1)&gt;{{customer.email}}"


async def test_the_customer_gets_a_mail_of_its_own(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, email="own@example.com")

    run = await act(
        office,
        conversation_id,
        Action(type="emailCustomer", subject="Survey #{{conversation.number}}", text="How was it?"),
    )

    (mail,) = post_office.mails_to("own@example.com")
    _assert_signed(post_office, conversation_id, mail)
    (note,) = await threads(office, conversation_id, ThreadType.NOTE)
    assert "Survey #" in mail.subject
    assert "Sent to own@example.com" in note.body
    assert run.actions[0].detail == "own@example.com"


async def test_a_mail_that_comes_back_marks_its_own_address_and_no_other(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, email="gone@example.com")
    for other in ("well@example.com", "later@example.com"):
        await converse(office, email=other)
    await act(office, conversation_id, Action(type="emailCustomer", subject="Survey", text="How was it?"))
    (mail,) = post_office.mails_to("gone@example.com")
    sent = parse_message((post_office.sink.folder / f"{mail.id}.eml").read_bytes()).message_id
    arriving = letters.Post(office.desk, office.account, office.support)

    async def come_back(kind: Any, *addresses: str) -> None:
        bounce = Bounce(kind, tuple(FailedRecipient(each, "5.1.1", "no such user") for each in addresses), sent)
        raw = letters.letter(sender="MAILER-DAEMON@mx.example.com", subject="Undelivered", Return_Path="<>")
        received = await arriving.take(raw, is_bounce=True, is_automatic=True, bounce=bounce)
        assert received.conversation_id == conversation_id
        await office.desk.run_workers()

    await come_back("temporary", "gone@example.com")
    await come_back("permanent", "well@example.com")
    assert await _marked(office) == {}
    await come_back("permanent", "Gone@example.com", "well@example.com")
    assert await _marked(office) == {"gone@example.com": "Gone@example.com: 5.1.1 no such user"}


async def _marked(office: Office) -> dict[str, str]:
    async with office.desk.connection() as connection:
        rows = await connection.fetch(
            "select value, bounce_reason from customer_entry where account_id = $1 and bounced_at is not null",
            office.account.id,
        )
    return {row["value"]: row["bounce_reason"] for row in rows}


def _assert_signed(post: Post, conversation_id: int, message: Any) -> None:
    """By its id an answer finds the conversation, as does a report that it did not arrive."""
    office, raw = post.office, (post.sink.folder / f"{message.id}.eml").read_bytes()
    token = read_token(office.desk.context.secret_key, parse_message(raw).message_id)
    assert token is not None
    assert (token.purpose, token.account_id, token.conversation_id) == ("reply", office.account.id, conversation_id)


async def test_users_and_members_of_teams_are_told_once_each_if_they_see_the_mailbox(post_office: Post) -> None:
    office = post_office.office
    inside = await office.desk.make.user(office.account, mailboxes=[office.support], email="inside@acme.test")
    outside = await office.desk.make.user(office.account, email="outside@acme.test")
    async with office.desk.connection() as connection:
        team = await connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', 'Told') returning id",
            office.account.id,
        )
        for person in (inside, outside):
            await connection.execute(
                "insert into team_member (account_id, team_id, user_id) values ($1, $2, $3)",
                office.account.id, team, person.id,
            )  # fmt: skip
    conversation_id = await converse(office, subject="Fire")

    run = await act(office, conversation_id, Action(type="notify", to=[team, inside.id, outside.id], text="Help!"))

    (mail,) = post_office.mails_to("inside@acme.test")
    assert post_office.mails_to("outside@acme.test") == []
    assert "Fire" in mail.subject
    _assert_signed(post_office, conversation_id, mail)
    assert run.actions[0].detail == "inside@acme.test"
    nobody = await act(office, conversation_id, Action(type="notify", to=[outside.id], text="Help!"))
    assert nobody.actions[0].outcome == "left out"


async def test_forwarding_takes_the_customers_message_and_its_files_along(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(
        office,
        subject="Broken",
        text="It is <b>broken</b>",
        attachments=[NewAttachment("a.txt", "text/plain", b"hello")],
    )
    await say(office, conversation_id, ThreadType.MESSAGE, "We look")

    await act(office, conversation_id, Action(type="forward", email="supplier@example.net", text="Please look"))

    (mail,) = post_office.mails_to("supplier@example.net")
    assert mail.subject == "Fwd: Broken"
    assert "Please look" in str(mail)
    assert "broken" in str(mail)
    assert "a.txt" in str(mail)
    _assert_signed(post_office, conversation_id, mail)
    (note,) = await threads(office, conversation_id, ThreadType.NOTE)
    assert "Forwarded to supplier@example.net" in note.body


async def test_moving_and_deleting(post_office: Post) -> None:
    office = post_office.office
    moved, gone = await converse(office), await converse(office)

    await act(office, moved, Action(type="move", mailbox_id=office.sales.id))
    await act(office, gone, Action(type="addTags", tags=["last"]), Action(type="delete"))

    client = await office.client()
    assert (await client.get(f"/v2/conversations/{moved}")).json()["mailboxId"] == office.sales.id
    assert (await client.get(f"/v2/conversations/{gone}")).status_code == 404
    assert (await client.get(f"/v2/conversations/{gone}/workflow-runs")).status_code == 404


async def test_a_webhook_tells_of_the_conversation(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office, subject="Called", tags=["vip"])
    async with receiving(host="localhost") as receiver:
        run = await act(office, conversation_id, Action(type="webhook", url=receiver.url))

        (request,) = receiver.requests
    assert request.json["conversation"]["id"] == conversation_id
    assert request.json["conversation"]["subject"] == "Called"
    assert request.json["conversation"]["tags"] == ["vip"]
    assert request.json["workflow"]["id"] == run.workflow_id
    assert request.headers["x-waypost-delivery"] == f"{run.id}-0"
    assert (run.actions[0].outcome, run.actions[0].detail) == ("done", f"{receiver.url} answered 200")


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::1]", "127.0.0.1"])
async def test_a_webhook_to_a_private_address_is_refused_and_says_so(post_office: Post, host: str) -> None:
    office = post_office.office
    conversation_id = await converse(office)

    run = await act(office, conversation_id, Action(type="webhook", url=f"http://{host}/hook"))

    assert run.actions[0].outcome == "failed"
    assert run.actions[0].detail.startswith("blocked-address")


async def test_a_refusing_receiver_is_noted(post_office: Post) -> None:
    office = post_office.office
    conversation_id = await converse(office)
    async with receiving(404, host="localhost") as receiver:
        run = await act(office, conversation_id, Action(type="webhook", url=receiver.url))

    assert (run.actions[0].outcome, run.actions[0].detail) == ("failed", f"{receiver.url} answered 404")


async def test_programs_are_not_answered_by_themselves(post_office: Post) -> None:
    office = post_office.office
    workflow = await rule(office, [where("subject", "is", "Out of office")], [Action(type="reply", text="Thanks")])
    conversation_id = await converse(office, subject="Out of office", email="robot@example.com", is_automatic=True)
    await office.desk.run_workers()

    (run,) = await runs(office, workflow)

    assert run.outcome is Outcome.DONE
    assert (run.actions[0].outcome, run.actions[0].detail) == (
        "left out", "the customer's last message was written by a program"
    )  # fmt: skip
    assert await threads(office, conversation_id, ThreadType.MESSAGE) == []
    assert post_office.mails_to("robot@example.com") == []


async def test_one_address_gets_five_automatic_mails_an_hour_at_most(post_office: Post) -> None:
    office = post_office.office
    workflow = await rule(
        office,
        [where("event", "is", "customerReply"), where("customerEmail", "is", "many@example.com")],
        [Action(type="reply", text="Thanks")],
    )
    conversation_id = await converse(office, email="many@example.com")
    for _ in range(7):
        await say(office, conversation_id, ThreadType.CUSTOMER)
    await office.desk.run_workers()

    outcomes = [run.actions[0].outcome for run in await runs(office, workflow)]

    assert outcomes == ["done"] * 5 + ["left out"] * 2
    assert len(post_office.mails_to("many@example.com")) == 5


async def test_an_automatic_answer_leaves_the_customer_waiting(post_office: Post) -> None:
    office = post_office.office
    await rule(office, [where("subject", "is", "Acknowledge me")], [Action(type="reply", text="We got it")])
    conversation_id = await converse(office, subject="Acknowledge me", email="waits@example.com")
    before = await found(office, conversation_id)
    await office.desk.run_workers()

    after = await found(office, conversation_id)

    assert len(await threads(office, conversation_id, ThreadType.MESSAGE)) == 1
    assert after.waiting_since == before.waiting_since
    assert after.latest_reply_from == "customer"
    (mail,) = post_office.mails_to("waits@example.com")
    assert ("auto-submitted", "auto-replied") in [(name.lower(), value) for name, value in mail.headers]


def test_every_action_has_been_tried_here() -> None:
    source = open(__file__, encoding="utf-8").read()  # noqa: PTH123, SIM115
    assert [name for name in action_types() if f'type="{name}"' not in source] == []
