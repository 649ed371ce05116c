"""What actions do: each calls the verb that a person would have called, as the platform's user "Workflow"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from waypost.domains import conversations, mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.conversations import NewThread, Status, ThreadType
from waypost.domains.workflows import calls, letters, store_mails, variables
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.models import Action, ActionDone, Workflow
from waypost.kit.files import FileStore
from waypost.kit.tx import Tx

DONE, UNCHANGED, LEFT_OUT = "done", "unchanged", "left out"
#: Threads of workflows say so (spec: 7.0 `source`, 7A.0 `action`).
SOURCE = "workflows"
BY_HAND, BY_ITSELF = "manual-workflow", "workflow"
#: Mails that workflows may send one address within an hour by themselves (security: 27).
MOST_MAILS_AN_HOUR = 5


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One workflow at work on one conversation."""

    tx: Tx
    files: FileStore
    actor: Actor
    workflow: Workflow
    run_id: int
    case: Case
    is_manual: bool

    @property
    def values(self) -> dict[str, str]:
        """What variables stand for."""
        case = self.case
        return {
            "customer.fullName": case.customer_name,
            "customer.firstName": case.customer_first_name,
            "customer.lastName": case.customer_last_name,
            "customer.email": case.customer_email,
            "conversation.number": str(case.number),
            "conversation.subject": case.subject,
            "mailbox.name": case.mailbox_name,
            "mailbox.email": case.mailbox_email,
        }

    def html(self, text: str | None) -> str:
        """A text of the definition as HTML, its variables filled in."""
        return variables.filled(text or "", self.values, is_html=True)

    def line(self, text: str | None) -> str:
        """A text of the definition on one line, its variables filled in."""
        return " ".join(variables.filled(text or "", self.values, is_html=False).split())

    def thread(self, kind: ThreadType, body: str, saved_reply_id: int | None = None) -> NewThread:
        """A thread that says which workflow wrote it."""
        return NewThread(
            type=kind,
            body=body,
            source_type=SOURCE,
            saved_reply_id=saved_reply_id,
            action_type=BY_HAND if self.is_manual else BY_ITSELF,
            action_entities={"workflow": self.workflow.id},
        )


async def perform(scene: Scene, action: Action) -> ActionDone:
    """Carry out one action. Raises what the verb raises; the run is then undone as a whole."""
    before = scene.tx.pending
    detail = await _PERFORMED[action.type](scene, action)
    if detail.startswith(LEFT_OUT):
        return ActionDone(action.type, LEFT_OUT, detail.removeprefix(LEFT_OUT).lstrip(": "))
    is_changed = scene.tx.pending > before or action.type in _OUTSIDE
    return ActionDone(action.type, DONE if is_changed else UNCHANGED, detail)


async def _assign(scene: Scene, action: Action) -> str:
    assignee = action.assign_to if isinstance(action.assign_to, int) else None
    await conversations.assign(scene.tx, scene.actor, scene.case.id, assignee)
    return f"assigned to {assignee}" if assignee else "unassigned"


async def _add_tags(scene: Scene, action: Action) -> str:
    await conversations.add_tags(scene.tx, scene.actor, scene.case.id, action.tags or [])
    return ", ".join(action.tags or [])


async def _remove_tags(scene: Scene, action: Action) -> str:
    await conversations.take_tags(scene.tx, scene.actor, scene.case.id, action.tags or [])
    return ", ".join(action.tags or [])


async def _change_status(scene: Scene, action: Action) -> str:
    await conversations.change_status(scene.tx, scene.actor, scene.case.id, Status(action.status))
    return action.status or ""


async def _change_subject(scene: Scene, action: Action) -> str:
    subject = scene.line(action.subject)[:998]
    if not subject:
        return f"{LEFT_OUT}: the subject would be empty"
    await conversations.change_subject(scene.tx, scene.actor, scene.case.id, subject)
    return subject


async def _set_field(scene: Scene, action: Action) -> str:
    values = [(action.field_id or 0, action.value or "")]
    await conversations.put_fields(scene.tx, scene.actor, scene.case.id, values, only_these=False)
    return f"{action.field_id}: {action.value or ''}"


async def _add_note(scene: Scene, action: Action) -> str:
    note = scene.thread(ThreadType.NOTE, scene.html(action.text))
    made = await conversations.add_thread(scene.tx, scene.files, scene.actor, scene.case.id, note)
    return f"thread {made.id}"


async def _reply(scene: Scene, action: Action) -> str:
    refusal = await _refusal(scene)
    if refusal:
        return f"{LEFT_OUT}: {refusal}"
    text = action.text
    if action.saved_reply_id is not None:
        saved = await mailboxes.saved_replies.get(
            scene.tx, scene.actor, action.saved_reply_id, scene.workflow.mailbox_id
        )
        text = saved.text
    reply = scene.thread(ThreadType.MESSAGE, scene.html(text), action.saved_reply_id)
    made = await conversations.add_thread(scene.tx, scene.files, scene.actor, scene.case.id, reply)
    return f"thread {made.id}"


async def _refusal(scene: Scene) -> str:
    """Why the customer cannot be written to: a mail loop is only ever begun by a program that answers a program."""
    case, connection = scene.case, scene.tx.connection
    if not case.customer_email:
        return "the customer has no e-mail address"
    if scene.is_manual:
        return ""
    if await store_mails.is_answer_to_program(connection, scene.workflow.account_id, case.id):
        return "the customer's last message was written by a program"
    sent = await store_mails.sent_within_an_hour(
        connection, scene.workflow.account_id, case.customer_id, case.customer_email, scene.tx.now
    )
    if sent >= MOST_MAILS_AN_HOUR:
        return f"workflows have sent this customer {sent} mails within an hour"
    return ""


async def _email_customer(scene: Scene, action: Action) -> str:
    refusal = await _refusal(scene)
    if refusal:
        return f"{LEFT_OUT}: {refusal}"
    case, subject, html = scene.case, scene.line(action.subject), scene.html(action.text)
    letter = letters.Letter("customer", case.customer_name, case.customer_email, subject, html)
    await letters.queue(scene.tx, scene.workflow.account_id, case.id, scene.run_id, letter)
    body = letters.copy_of(f"Sent to {case.customer_email}: {subject}", html)
    await conversations.add_thread(scene.tx, scene.files, scene.actor, case.id, scene.thread(ThreadType.NOTE, body))
    return case.customer_email


async def _notify(scene: Scene, action: Action) -> str:
    case = scene.case
    people = await store_mails.recipients(
        scene.tx.connection, scene.workflow.account_id, action.to or [], case.mailbox_id
    )
    subject = scene.line(action.subject) or f"[{case.mailbox_name}] #{case.number}: {case.subject}"
    for name, email in people:
        letter = letters.Letter("notice", name, email, subject, scene.html(action.text))
        await letters.queue(scene.tx, scene.workflow.account_id, case.id, scene.run_id, letter)
    if not people:
        return f"{LEFT_OUT}: none of them can see the mailbox"
    return ", ".join(email for _, email in people)


async def _forward(scene: Scene, action: Action) -> str:
    case, account_id = scene.case, scene.workflow.account_id
    email = action.email or ""
    newest = await store_mails.newest_message(scene.tx.connection, account_id, case.id)
    if newest is None:
        return f"{LEFT_OUT}: there is no message to forward"
    html = letters.forwarded(scene.html(action.text), newest)
    letter = letters.Letter("forward", "", email, f"Fwd: {case.subject}", html, newest.thread_id)
    await letters.queue(scene.tx, account_id, case.id, scene.run_id, letter)
    note = scene.thread(ThreadType.NOTE, letters.copy_of(f"Forwarded to {email}", scene.html(action.text)))
    await conversations.add_thread(scene.tx, scene.files, scene.actor, case.id, note)
    return email


async def _webhook(scene: Scene, action: Action) -> str:
    place = next(index for index, one in enumerate(scene.workflow.definition.actions) if one is action)
    await calls.queue(scene.tx, scene.workflow, scene.case, scene.run_id, place, action.url or "")
    return f"queued for {action.url}"


async def _move(scene: Scene, action: Action) -> str:
    await conversations.move(scene.tx, scene.actor, scene.case.id, action.mailbox_id or 0)
    return f"mailbox {action.mailbox_id}"


async def _delete(scene: Scene, _: Action) -> str:
    await conversations.delete(scene.tx, scene.actor, scene.case.id)
    return f"conversation {scene.case.number}"


_PERFORMED: dict[str, Callable[[Scene, Action], Awaitable[str]]] = {
    "assign": _assign,
    "addTags": _add_tags,
    "removeTags": _remove_tags,
    "changeStatus": _change_status,
    "changeSubject": _change_subject,
    "setField": _set_field,
    "addNote": _add_note,
    "reply": _reply,
    "emailCustomer": _email_customer,
    "notify": _notify,
    "forward": _forward,
    "webhook": _webhook,
    "move": _move,
    "delete": _delete,
}
#: What leaves no fact, because it happens outside the desk.
_OUTSIDE = frozenset({"notify", "webhook"})
