"""Notices to users as mails: one sentence that says what happened, and the beginning of the text.

A notice can be answered: its Message-ID and its reply address are signed for the user whom it goes to, by which an
answer becomes that user's reply or, where the notice is about a note, their note.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import structlog
from markupsafe import Markup

from waypost.domains import mail
from waypost.domains.mailboxes import store_channel
from waypost.domains.notifications import Notice, Occasion, Talk
from waypost.edges.mail_io import delivery
from waypost.edges.mail_io.errors import BadSmtpUrl
from waypost.edges.mail_io.mail_route import MailRoute
from waypost.kit.jobs import Job, enqueue
from waypost.kit.tx import Tx

log = structlog.get_logger(__name__)

JOB = "mail.send_notice"

LONGEST_EXCERPT = 1000
_ANY = {"somebody": "Somebody", "customer": "The customer"}
_SENTENCES = {
    Occasion.MENTIONED: "{actor} mentioned you in a note.",
    Occasion.ASSIGNED_TO_ME: "{actor} assigned this conversation to you.",
    Occasion.ASSIGNED_TO_MY_TEAM: "{actor} assigned this conversation to your team {assignee}.",
    Occasion.ASSIGNED_TO_OTHER: "{actor} assigned this conversation to {assignee}.",
    Occasion.NEW_CONVERSATION: "{customer} started a conversation.",
    Occasion.CUSTOMER_REPLIED_MINE: "{customer} answered.",
    Occasion.CUSTOMER_REPLIED_UNASSIGNED: "{customer} answered. Nobody is assigned.",
    Occasion.CUSTOMER_REPLIED_OTHER: "{customer} answered. {assignee} is assigned.",
    Occasion.USER_REPLIED_MINE: "{actor} wrote in your conversation.",
    Occasion.USER_REPLIED_UNASSIGNED: "{actor} wrote. Nobody is assigned.",
    Occasion.USER_REPLIED_OTHER: "{actor} wrote. {assignee} is assigned.",
    Occasion.REPLY_FAILED: "A reply to {customer} could not be delivered.",
}
_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<body style="margin:0;padding:32px 16px;background:#f5f4ef;color:#1b2421;\
font:16px/1.6 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
{line}<div style="max-width:520px;margin:0 auto;background:#ffffff;\
border:1px solid #e2dfd6;border-radius:12px;padding:32px">
<p style="margin:0 0 16px;font-weight:700">{sentence}</p>
<p style="margin:0 0 16px;color:#57625e">{mailbox} · #{number} · {subject}</p>
{excerpt}<p style="margin:24px 0 0;font-size:13px;color:#57625e">{answering}You can choose what you are told of under \
<a href="{choices}" style="color:#57625e">Notifications</a>.</p>
</div>
</body>
</html>
"""
)
_LINE = Markup('<p style="margin:0 auto 16px;max-width:520px;font-size:13px;color:#57625e">{line}</p>\n')
_ANSWERING = {
    False: Markup("Answer this mail to reply to the customer.<br>"),
    True: Markup("Answer this mail to add a note that the customer does not see.<br>"),
}
_EXCERPT = Markup(
    '<blockquote style="margin:0;padding:0 0 0 16px;border-left:3px solid #e2dfd6;white-space:pre-line">'
    "{text}</blockquote>\n"
)


async def queue(tx: Tx, notice: Notice) -> None:
    """Queue the mail of a notice in the transaction that it comes from."""
    await enqueue(tx, JOB, msgspec.to_builtins(notice))


def job(route: MailRoute, base_url: str) -> Job:
    """The kind of job that sends notices."""
    return delivery.system_job(JOB, partial(send, route, base_url))


async def send(route: MailRoute, base_url: str, payload: dict[str, Any]) -> None:
    """Send a notice. Raises TryLater when no server took it.

    Without a mail server there is nothing to wait for: a notice that comes when somebody sets one up tells old news.
    """
    notice = msgspec.convert(payload, Notice)
    try:
        route.server()
    except BadSmtpUrl as error:
        log.info("notice.no_server", event_id=notice.event_id, error=error.message)
        return
    letter = {
        "account_id": notice.account_id,
        # Two notices may read alike; each is a mail of its own all the same.
        "event_id": notice.event_id,
        "to_name": notice.user_name,
        "to_email": notice.user_email,
        "subject": subject(notice),
        "html": html(notice, base_url),
        # Where users choose what they are told of. Mails to customers have none: they have asked for an answer.
        "headers": {"List-Unsubscribe": f"<{base_url}/profile/notifications>"},
        **await _answerable(route, notice),
    }
    await delivery.send_system_mail(route, letter)


async def _answerable(route: MailRoute, notice: Notice) -> dict[str, Any]:
    """The fields by which an answer is known. Notices of one conversation refer to an id that no mail has, so that mail
    programs show them together."""
    if not notice.user_id:
        return {}
    async with route.transactions.read() as tx:
        channel = await store_channel.find(tx.connection, route.key, notice.account_id, notice.talk.mailbox_id)
    if channel is None:
        return {}
    user_id, host = notice.user_id, route.sender.email.rpartition("@")[2]
    about = (route.key, notice.account_id, notice.conversation_id)
    return {
        "message_id": mail.new_message_id(*about, notice.thread_id, host, user_id=user_id, serial=notice.event_id),
        "references": [mail.new_message_id(*about, 0, host, user_id=user_id)],
        "reply_to": mail.reply_address(
            route.key, channel, notice.account_id, notice.conversation_id, user_id=user_id, thread_id=notice.thread_id
        ),
    }


def subject(notice: Notice) -> str:
    """The mail's subject: it begins alike for one conversation, so that mail programs keep them together."""
    return f"[#{notice.talk.number}] {notice.talk.subject}"


def html(notice: Notice, base_url: str) -> str:
    """The mail's body. What people wrote is text in it, never markup."""
    talk = notice.talk
    return str(
        _PAGE.format(
            sentence=_sentence(notice.occasion, talk),
            mailbox=talk.mailbox_name,
            number=talk.number,
            subject=talk.subject,
            excerpt=_excerpt(talk.text),
            line=_LINE.format(line=mail.ANSWER_LINE) if notice.user_id else "",
            answering=_ANSWERING[notice.is_about_note] if notice.user_id else "",
            choices=f"{base_url}/profile/notifications",
        )
    )


def _sentence(occasion: Occasion, talk: Talk) -> str:
    return _SENTENCES[occasion].format(
        actor=talk.actor_name or _ANY["somebody"],
        customer=talk.customer_name or _ANY["customer"],
        assignee=talk.assignee_name or _ANY["somebody"],
    )


def _excerpt(text: str | None) -> Markup:
    shown = (text or "").strip()
    if not shown:
        return Markup("")
    if len(shown) > LONGEST_EXCERPT:
        shown = shown[:LONGEST_EXCERPT].rstrip() + "…"
    return _EXCERPT.format(text=shown)
