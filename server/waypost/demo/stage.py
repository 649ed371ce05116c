"""The demo's desk before anybody has written: the firm, its people, mailboxes, fields, tags, properties and clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import UNSET

from waypost.demo import cast
from waypost.demo.shapes import DemoDay, DemoProperty, DemoUser, DemoValue, MailboxKey
from waypost.domains import accounts, conversations, customers, mailboxes
from waypost.domains.accounts import Actor, CustomStatus, EmailStatus, NewUser, Role
from waypost.domains.customers import NewOption, NewProperty, OrganizationFields, organizations
from waypost.domains.mailboxes import AssignmentMethod, FieldType, Mailbox, SavedReplyChange, saved_replies
from waypost.kit.tx import Tx


@dataclass(kw_only=True)
class Stage:
    """Where the demo plays: who is who under which id. `now` is the moment that all ages count back from."""

    now: datetime
    account_id: int
    system: Actor
    owner: Actor
    users: dict[str, Actor] = field(default_factory=dict)
    mailboxes: dict[MailboxKey, Mailbox] = field(default_factory=dict)
    fields: dict[tuple[MailboxKey, str], int] = field(default_factory=dict)

    def at(self, age_s: int) -> datetime:
        """The moment so many seconds ago."""
        return self.now - timedelta(seconds=age_s)

    def text_of(self, value: DemoValue) -> str:
        """A field's value as it is sent; days become dates."""
        if isinstance(value, DemoDay):
            return (self.now + timedelta(days=value.days)).date().isoformat()
        return value


async def go_to(tx: Tx, moment: datetime) -> None:
    """Let what follows happen at that moment. The material lies in the past, and its facts keep their own times."""
    await tx.flush()
    tx.now = moment


async def set_up(tx: Tx, password_hashes: dict[str, str], now: datetime) -> Stage:
    """Make the firm with everything but customers and conversations. Raises AddressTaken if it is there already."""
    first = next(user for user in cast.USERS if user.role == "owner")
    made = await accounts.create_account(tx, cast.COMPANY, _new(first), password_hash=password_hashes[first.key])
    owner = Actor(account_id=made.id, kind="user", user_id=made.owner.id, role=Role.OWNER)
    stage = Stage(now=now, account_id=made.id, system=Actor.system(made.id), owner=owner)
    for wanted in cast.MAILBOXES:
        stage.mailboxes[wanted.key] = await mailboxes.create(tx, owner, wanted.name, wanted.email)
    ids = {first.key: made.owner.id}
    for user in cast.USERS:
        if user is not first:
            role, password_hash = Role(user.role), password_hashes[user.key]
            ids[user.key] = (await accounts.create_user(tx, owner, _new(user), role, password_hash=password_hash)).id
        await _let_in(tx, stage, user, ids[user.key])
    for team in cast.TEAMS:
        members = [ids[key] for key in team.members]
        await accounts.create_team(
            tx, owner, team.name, member_ids=members, mention=team.mention, timezone=team.timezone
        )
    await _make_fields(tx, stage)
    await _make_labels(tx, stage)
    await _save_replies(tx, stage)
    await _make_organizations(tx, stage)
    await _set_up_work(tx, stage)
    return stage


def _new(user: DemoUser) -> NewUser:
    return NewUser(
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        timezone=user.timezone,
        job_title=user.job_title,
        phone=user.phone,
        mention=user.mention,
    )


async def _let_in(tx: Tx, stage: Stage, user: DemoUser, user_id: int) -> None:
    seen = [stage.mailboxes[key].id for key in user.mailboxes]
    if user.role == "user":
        for mailbox_id in seen:
            await accounts.grant_mailbox(tx, stage.owner, user_id, mailbox_id)
    await mailboxes.ensure_personal_folders(tx, stage.account_id, user_id, seen if user.role == "user" else None)
    actor = await accounts.actor_for_user(tx.connection, stage.account_id, user_id)
    if actor is None:
        raise LookupError(f"{user.key} has been made and is not there")
    stage.users[user.key] = actor


async def _make_fields(tx: Tx, stage: Stage) -> None:
    for wanted in cast.FIELDS:
        made = await mailboxes.create_field(
            tx,
            stage.owner,
            stage.mailboxes[wanted.mailbox].id,
            wanted.name,
            FieldType(wanted.type),
            list(wanted.options),
            required=wanted.required,
        )
        stage.fields[wanted.mailbox, wanted.name] = made.id


async def _save_replies(tx: Tx, stage: Stage) -> None:
    for wanted in cast.SAVED_REPLIES:
        change = SavedReplyChange(name=wanted.name, text=wanted.text, chat_text=wanted.chat_text or UNSET)
        await saved_replies.create(tx, stage.owner, stage.mailboxes[wanted.mailbox].id, change)


async def _set_up_work(tx: Tx, stage: Stage) -> None:
    for said in cast.STATUSES:
        words = CustomStatus(said.text, said.emoji, said.emoji_name)
        actor = stage.users[said.user]
        await accounts.availability.set_status(tx, actor, actor.user_id, EmailStatus(said.status), words)
    # From now on: what the demo tells has happened before, and stays with whom it is.
    for wanted in cast.ROUTING:
        await mailboxes.routing.put(
            tx,
            stage.owner,
            stage.mailboxes[wanted.mailbox].id,
            is_enabled=True,
            assignment_limit=wanted.limit,
            method=AssignmentMethod(wanted.method),
            user_ids=[stage.users[key].user_id for key in wanted.users],
        )


async def _make_labels(tx: Tx, stage: Stage) -> None:
    for tag in cast.TAGS:
        await conversations.set_tag_color(tx, stage.owner, tag.name, tag.color)
    for wanted in cast.CUSTOMER_PROPERTIES:
        await customers.define_property(tx, stage.owner, _definition(wanted))


async def _make_organizations(tx: Tx, stage: Stage) -> None:
    for definition in cast.ORGANIZATION_PROPERTIES:
        await organizations.define_property(tx, stage.owner, _definition(definition))
    for wanted in cast.ORGANIZATIONS:
        fields = OrganizationFields(
            name=wanted.name,
            website=wanted.website,
            description=wanted.description,
            location=wanted.location,
            note=wanted.note,
            domains=list(wanted.domains),
            phones=list(wanted.phones),
            brand_color=wanted.brand_color,
        )
        made = await organizations.create(tx, stage.owner, fields)
        for slug, value in wanted.properties.items():
            await organizations.set_property(tx, stage.owner, made.id, slug, stage.text_of(value))


def _definition(wanted: DemoProperty) -> NewProperty:
    options = [NewOption(label=label) for label in wanted.options]
    return NewProperty(type=wanted.type, slug=wanted.slug, name=wanted.name, options=options)
