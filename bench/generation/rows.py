"""The rows of generated accounts. Dice decide; times, authors and counts agree with each other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from generation.words import Sentences, invented_word

Row = tuple[Any, ...]

FIRST_NAMES = (
    "Jane John Maria José Chloë Renée Søren Zoë Łukasz Agnieszka Björn Nils Emma Liam Olivia Noah Ava Mia Lucas Amélie "
    "Hiroshi Yuki Wei Priya Arjun Fatima Omar Aisha Dmitri Olga Иван Мария Peter Paul Anna Laura Marta Carlos Lucía Tom"
).split()
LAST_NAMES = (
    "Smith Smithers Müller Schröder García Fernández Dubois Lefèvre Rossi Ferrari Kowalski Nowak Jensen Hansen Novák "
    "Ivanov Petrov Tanaka Suzuki Wang Li Patel Sharma Khan Ali Okafor Mensah Brown Jones Taylor Lee Walker Green Agent"
).split()
DOMAINS = ("gmail.com", "example.com", "outlook.com", "example.org", "yahoo.com", "example.net")
TAG_NAMES = ("vip", "gold", "urgent", "fire", "spam", "billing", "refund", "bug", "feature-request", "how to", "größe")
THREAD_HOURS = 9
INCIDENTS = 12

CONVERSATION = (
    "account_id id number mailbox_id type status subject preview primary_customer_id assignee_id "
    "created_by_customer_id source_type source_via cc thread_count attachment_count latest_reply_from waiting_since "
    "created_at modified_at user_updated_at closed_at closed_by_user_id"
).split()
THREAD = (
    "account_id id conversation_id type status state body body_text source_type source_via customer_id "
    "created_by_customer_id created_by_user_id assignee_id to_emails created_at"
).split()
CUSTOMER = "account_id id first_name last_name email job_title location organization_id created_at updated_at".split()
ENTRY = "account_id customer_id kind type value".split()
TAGGING = "account_id conversation_id tag_id".split()
FIELD_VALUE = "account_id conversation_id field_id value".split()
ATTACHMENT = "account_id conversation_id thread_id file_name mime_type size storage_key created_at".split()


@dataclass
class Ground:
    """What the account has before its first conversation: ids as the database gave them."""

    account_id: int
    mailbox_ids: list[int]
    user_ids: list[int]
    team_ids: list[int]
    tag_ids: list[int]
    #: mailbox id -> (dropdown field's id, its option ids, text field's id)
    fields: dict[int, tuple[int, list[int], int]]


@dataclass(frozen=True)
class Talk:
    """What the threads of one conversation have in common."""

    id: int
    customer_id: int
    email: str
    assignee_id: int | None


@dataclass
class Batch:
    """Rows of some hundred conversations, by table."""

    conversation: list[Row] = field(default_factory=list)
    thread: list[Row] = field(default_factory=list)
    conversation_tag: list[Row] = field(default_factory=list)
    conversation_field: list[Row] = field(default_factory=list)
    attachment: list[Row] = field(default_factory=list)


class Writer:
    """Writes an account's customers and conversations; the same seed and arguments give the same rows."""

    def __init__(self, ground: Ground, *, seed: int, conversations: int, years: float) -> None:
        self.ground = ground
        self.random = random.Random(seed)
        self.sentences = Sentences(self.random)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.start = self.now - timedelta(days=365.25 * years)
        self.step = timedelta(days=365.25 * years) / max(1, conversations)
        self.conversations = conversations
        self._tag_weights = [1 / (rank + 2) for rank in range(len(ground.tag_ids))]
        self._users = set(ground.user_ids)
        self.emails: list[str] = []
        self.customer_ids: list[int] = []

    def customers(self, ids: range, organization_ids: list[int]) -> tuple[list[Row], list[Row]]:
        """Rows of customer and customer_entry."""
        dice, people, entries = self.random, [], []
        for customer_id in ids:
            first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
            domain = dice.choice(DOMAINS) if dice.random() < 0.6 else f"{invented_word(dice.randrange(9000))}.com"
            email = f"{invented_word(customer_id)}.{len(self.emails)}@{domain}"
            organization = dice.choice(organization_ids) if dice.random() < 0.4 else None
            created = self.start + self.step * self.conversations * dice.random()
            person = (customer_id, first, last, email, "Buyer", None, organization, created, created)
            people.append((self.ground.account_id, *person))
            entries.append((self.ground.account_id, customer_id, "email", "work", email))
            if dice.random() < 0.2:
                entries.append(
                    (self.ground.account_id, customer_id, "phone", "work", f"+1-555-{dice.randrange(10**7):07d}")
                )
            self.emails.append(email)
            self.customer_ids.append(customer_id)
        return people, entries

    def batch(self, numbers: range, first_id: int, thread_ids: Iterator[int], threads: int) -> Batch:
        """Conversations with these numbers, ids counting up from `first_id`."""
        batch = Batch()
        for place, number in enumerate(numbers):
            self._conversation(batch, first_id + place, number, thread_ids, self._thread_count(threads))
        return batch

    def _thread_count(self, mean: int) -> int:
        # Mostly a few, sometimes many: half the mean or more, and a long tail.
        if mean <= 1:
            return 1
        return max(1, min(90, int(self.random.expovariate(1 / (mean - 0.5))) + 1))

    def _conversation(self, batch: Batch, talk_id: int, number: int, thread_ids: Iterator[int], count: int) -> None:
        dice, account_id = self.random, self.ground.account_id
        place = dice.randrange(len(self.customer_ids))
        talk = Talk(talk_id, self.customer_ids[place], self.emails[place], self._assignee())
        mailbox_id = dice.choice(self.ground.mailbox_ids)
        created = (self.start + self.step * number).replace(microsecond=0)
        times = self._times(created, count)
        texts = [self.sentences.body(1, 9) for _ in range(count)]
        texts[0] += self._incident(created)
        kinds = [("customer", "message", "customer", "message", "note")[index % 5] for index in range(count)]
        first_thread = len(batch.thread)
        for kind, text, at in zip(kinds, texts, times, strict=True):
            batch.thread.append(self._thread(talk, next(thread_ids), kind, text, at))
        has_file = dice.random() < 0.08
        if has_file:
            thread_id, size = batch.thread[first_thread][1], dice.randrange(10**3, 10**6)
            file = ("screen.png", "image/png", size, f"bench/{talk_id}", created)
            batch.attachment.append((account_id, talk_id, thread_id, *file))
        status = self._status(self.now - created)
        closed = status in {"closed", "spam"}
        latest = "customer" if kinds[-1] == "customer" else "user"
        batch.conversation.append(
            (account_id, talk_id, number, mailbox_id, "email", status, self.sentences.subject(), texts[-1][:260])
            + (talk.customer_id, talk.assignee_id, talk.customer_id, "email", "customer", self._copies())
            + (count, int(has_file), latest, times[-1] if latest == "customer" and not closed else None)
            + (created, times[-1], times[-1])
            + ((times[-1], talk.assignee_id) if closed else (None, None))
        )
        self._labels(batch, talk_id, mailbox_id)

    def _labels(self, batch: Batch, talk_id: int, mailbox_id: int) -> None:
        dice, account_id = self.random, self.ground.account_id
        for tag_id in set(dice.choices(self.ground.tag_ids, self._tag_weights, k=dice.choice((0, 0, 1, 1, 2, 3)))):
            batch.conversation_tag.append((account_id, talk_id, tag_id))
        dropdown, options, text_field = self.ground.fields[mailbox_id]
        if dice.random() < 0.3:
            batch.conversation_field.append((account_id, talk_id, dropdown, str(dice.choice(options))))
        if dice.random() < 0.1:
            batch.conversation_field.append((account_id, talk_id, text_field, self.sentences.subject()))

    def _thread(self, talk: Talk, thread_id: int, kind: str, text: str, at: datetime) -> Row:
        by_customer = kind == "customer"
        user_id = None if by_customer else talk.assignee_id
        if not by_customer and user_id not in self._users:
            user_id = self.ground.user_ids[thread_id % len(self._users)]
        state = "hidden" if self.random.random() < 0.005 else "published"
        author = ("customer" if by_customer else "user", talk.customer_id, talk.customer_id if by_customer else None)
        receivers = [talk.email] if kind == "message" else []
        return (
            *(self.ground.account_id, thread_id, talk.id, kind, "nochange", state, f"<p>{text}</p>", text, "email"),
            *(*author, user_id, user_id, receivers, at),
        )

    def _assignee(self) -> int | None:
        dice = self.random.random()
        if dice < 0.35:
            return None
        return self.random.choice(self.ground.team_ids if dice < 0.4 and self.ground.team_ids else self.ground.user_ids)

    def _status(self, age: timedelta) -> str:
        recent = age < timedelta(days=14)
        weights = (55, 15, 28, 2) if recent else (3, 2, 92, 3)
        return self.random.choices(("active", "pending", "closed", "spam"), weights)[0]

    def _times(self, created: datetime, count: int) -> list[datetime]:
        times = [created]
        while len(times) < count:
            times.append(min(self.now, times[-1] + timedelta(seconds=self.random.randrange(60, THREAD_HOURS * 3600))))
        return times

    def _copies(self) -> list[str]:
        return [f"colleague{self.random.randrange(5000)}@example.org"] if self.random.random() < 0.05 else []

    def _incident(self, created: datetime) -> str:
        """Words that all fall into two weeks, as talk of an outage does."""
        span = (self.now - self.start) / INCIDENTS
        incident, into = divmod(created - self.start, span)
        if into < timedelta(days=14) and self.random.random() < 0.3:
            return f" This is about the outage{invented_word(incident)} of this week."
        return ""
