"""The contact form (spec: 11.7): what visitors write becomes a conversation, or a mail to the contact address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import litestar
import msgspec
from litestar import Request, Response

from waypost.domains import docs
from waypost.domains.conversations import NewAttachment
from waypost.domains.docs import contact
from waypost.edges.base.context import Context, ContextDependency, TxDependency
from waypost.edges.docs_site import budgets, forms, render
from waypost.edges.docs_site.forms import Form
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.kit import secrets, signed_links
from waypost.kit.errors import FieldError, NotFound, Throttled
from waypost.kit.tx import Tx

PURPOSE = "docs.contact"
#: Nobody reads the form, types a question and sends it in less; programs do.
LEAST_SECONDS = 3
LASTS = timedelta(hours=24)
#: A field that people do not see. Named so that programs like to fill it and browsers do not.
TRAP = "company_fax"
_FORM_BYTES = 9
MOST_BYTES = contact.MOST_FILES * contact.MOST_FILE_BYTES + 1024 * 1024
_MEBIBYTE = 1024 * 1024
_FIELDS = ("name", "email", "subject", "message")


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """When and for which site a form was handed out, and the form's own random name."""

    account_id: int
    site_id: str
    made_at: int
    form: bytes


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the fields."""

    name: str = ""
    email: str = ""
    subject: str = ""
    message: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Why the form is shown: `notice` names a phrase, `problems` are those of its fields."""

    status: int = 200
    notice: str = ""
    problems: list[FieldError] = []
    has_files: bool = False
    headers: dict[str, str] = {}


FRESH = Answer()


@litestar.get("/contact")
async def show_form(context: ContextDependency, read: TxDependency, reader: ReaderDependency) -> Response[Any]:
    """The form; who is signed in finds their name and address in it."""
    await _require_way(read, reader)
    return _page(context, reader, _known(reader), _stamp(reader, read))


@litestar.get("/contact/sent")
async def show_sent(read: TxDependency, reader: ReaderDependency) -> Response[Any]:
    """What happens next."""
    await _require_way(read, reader)
    popular = await docs.reading.list_popular(read, reader.audience, 4)
    return render.page(reader, "sent.html", title=reader.t.sent_title, robots="noindex", popular=popular)


@litestar.post("/contact", request_max_body_size=None)
async def write(
    request: Request[Any, Any, Any], context: ContextDependency, tx: TxDependency, reader: ReaderDependency
) -> Response[Any]:
    """Take a message in; what is wrong with it is said beside the fields, with what was typed still in them."""
    await _require_way(tx, reader)
    form = await forms.read_large_form(request, MOST_BYTES)
    forms.refuse_foreign(request)
    typed = Typed(**{name: form.text(name) for name in _FIELDS})
    stamp, notice = _judged(context, reader, tx, form)
    message = _message(typed, form, stamp)
    problems = await contact.problems_of(tx, reader.account_id, message)
    has_files = bool(form.files)
    if notice or problems:
        refused = Answer(status=422, notice=notice, problems=problems, has_files=has_files)
        return _page(context, reader, typed, stamp, refused)
    if not await contact.was_written(tx, reader.account_id, message):
        try:
            await budgets.take_message(context, request, reader.account_id, typed.email)
        except Throttled as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            refused = Answer(status=429, notice="contact_too_often", has_files=has_files, headers=wait)
            return _page(context, reader, typed, stamp, refused)
        made = await contact.write(tx, context.files, reader.account_id, reader.site, message)
        if isinstance(made, contact.Letter):
            await context.send_letter(tx, made)
    return render.redirect("/contact/sent", status=303)


async def _require_way(tx: Tx, reader: Reader) -> None:
    if await contact.way_of(tx, reader.account_id, reader.site) is None:
        raise NotFound


def _known(reader: Reader) -> Typed:
    name, email = reader.name or "", reader.access.email
    # Of those whom a company's own sign-in vouches for the address is all that is known.
    return Typed(name="" if name == email else name, email=email)


def _message(typed: Typed, form: Form, stamp: Stamp) -> contact.Message:
    files = [NewAttachment(one.file_name, one.media_type, one.data) for one in form.files]
    return contact.Message(
        name=typed.name,
        email=typed.email,
        subject=typed.subject,
        text=typed.message,
        attachments=files,
        form=stamp.form,
    )


def _stamp(reader: Reader, tx: Tx) -> Stamp:
    return Stamp(reader.account_id, reader.site.id, int(tx.now.timestamp()), secrets.new_token(_FORM_BYTES).encode())


def _judged(context: Context, reader: Reader, tx: Tx, form: Form) -> tuple[Stamp, str]:
    """The form's stamp, or a fresh one, and the name of the phrase that says why it is not taken yet."""
    try:
        stamp = signed_links.verify(context.secret_key, PURPOSE, form.text("stamp"), Stamp, tx.now)
    except signed_links.LinkRefused:
        return _stamp(reader, tx), "contact_stale"
    if (stamp.account_id, stamp.site_id) != (reader.account_id, reader.site.id):
        return _stamp(reader, tx), "contact_stale"
    if form.text(TRAP):
        return stamp, "contact_trap"
    if tx.now.timestamp() - stamp.made_at < LEAST_SECONDS:
        return stamp, "contact_too_quick"
    return stamp, ""


def _page(context: Context, reader: Reader, typed: Typed, stamp: Stamp, answer: Answer = FRESH) -> Response[Any]:
    expires_at = datetime.fromtimestamp(stamp.made_at, UTC) + LASTS
    return render.page(
        reader,
        "contact.html",
        title=reader.t.contact_title,
        canonical="/contact",
        status=answer.status,
        more_headers=answer.headers,
        typed=typed,
        faults=_faults(reader, answer.problems),
        notice=getattr(reader.t, answer.notice) if answer.notice else "",
        has_files=answer.has_files,
        stamp=signed_links.sign(context.secret_key, PURPOSE, stamp, expires_at),
        trap=TRAP,
        limits=contact,
        most_megabytes=contact.MOST_FILE_BYTES // _MEBIBYTE,
    )


def _faults(reader: Reader, problems: list[FieldError]) -> dict[str, str]:
    """What is wrong with which field, in the order in which the fields stand."""
    order = [*_FIELDS, "files"]
    return {one.path: _phrase(reader, one) for one in sorted(problems, key=lambda one: order.index(one.path))}


def _phrase(reader: Reader, problem: FieldError) -> str:
    """What is wrong with a field, in the site's words."""
    t = reader.t
    if problem.path == "files":
        if problem.kind == "Type":
            return t.contact_program
        return t.fill("contact_files_limit", number=contact.MOST_FILES, size=contact.MOST_FILE_BYTES // _MEBIBYTE)
    if problem.kind == "Email":
        return t.contact_bad_email
    if problem.kind == "Identifier":
        return t.contact_own_email
    if problem.kind == "Size":
        return t.contact_too_long
    phrase: str = getattr(t, f"contact_no_{problem.path}")
    return phrase


ROUTES = [show_form, show_sent, write]
