"""Who is told of what, decided without a database."""

from __future__ import annotations

import msgspec
import pytest

from waypost.domains.notifications.models import BY_DEFAULT, Occasion, Reader, Talk
from waypost.domains.notifications.policy import mentions_in, occasion_for

READER = Reader(4, "John", "john@acme.test", "john", frozenset({66}), frozenset({"tier2"}), {})
EVERYTHING = msgspec.structs.replace(READER, choices={occasion.value: True for occasion in Occasion})
TALK = Talk(12, "Help", 1, "Support", "Jane", None, "", "Mary", "text")


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@john can you look?", {"john"}),
        ("ask @John, or @tier2.", {"john", "tier2"}),
        ("(@mary-ann) @a_b", {"mary-ann", "a_b"}),
        ("write to john@acme.test", set()),
        ("a@b@john and x/@john and .@john", set()),
        ("@ john, @@john", set()),
        ("@" + "a" * 1_000, {"a" * 50}),
    ],
)
def test_mentions_are_handles_and_no_addresses(text: str, handles: set[str]) -> None:
    assert mentions_in(text) == handles


@pytest.mark.parametrize(
    ("event", "assignee", "expected"),
    [
        ("convo.created", None, Occasion.NEW_CONVERSATION),
        ("convo.created", 4, Occasion.ASSIGNED_TO_ME),
        ("convo.created", 5, Occasion.NEW_CONVERSATION),
        ("convo.assigned", 4, Occasion.ASSIGNED_TO_ME),
        ("convo.assigned", 66, Occasion.ASSIGNED_TO_MY_TEAM),
        ("convo.assigned", 5, Occasion.ASSIGNED_TO_OTHER),
        ("convo.assigned", None, None),
        ("convo.customer.reply.created", 4, Occasion.CUSTOMER_REPLIED_MINE),
        ("convo.customer.reply.created", 66, Occasion.CUSTOMER_REPLIED_MINE),
        ("convo.customer.reply.created", None, Occasion.CUSTOMER_REPLIED_UNASSIGNED),
        ("convo.customer.reply.created", 5, Occasion.CUSTOMER_REPLIED_OTHER),
        ("convo.agent.reply.created", 4, Occasion.USER_REPLIED_MINE),
        ("convo.note.created", None, Occasion.USER_REPLIED_UNASSIGNED),
        ("convo.note.created", 5, Occasion.USER_REPLIED_OTHER),
        ("convo.status", 4, None),
    ],
)
def test_the_occasion_follows_from_whose_conversation_it_is(
    event: str, assignee: int | None, expected: Occasion | None
) -> None:
    talk = msgspec.structs.replace(TALK, assignee_id=assignee)
    assert occasion_for(EVERYTHING, event, talk, frozenset()) is expected
    by_default = expected if expected in BY_DEFAULT else None
    assert occasion_for(READER, event, talk, frozenset()) is by_default


@pytest.mark.parametrize("handle", ["john", "tier2"])
def test_a_mention_comes_before_the_note(handle: str) -> None:
    assert occasion_for(EVERYTHING, "convo.note.created", TALK, frozenset({handle})) is Occasion.MENTIONED


def test_who_does_not_want_the_first_occasion_gets_the_next() -> None:
    reader = msgspec.structs.replace(EVERYTHING, choices={**EVERYTHING.choices, "mentioned": False})
    told = occasion_for(reader, "convo.note.created", TALK, frozenset({"john"}))
    assert told is Occasion.USER_REPLIED_UNASSIGNED
    silent = msgspec.structs.replace(READER, choices={occasion.value: False for occasion in Occasion})
    assert occasion_for(silent, "convo.assigned", msgspec.structs.replace(TALK, assignee_id=4), frozenset()) is None
