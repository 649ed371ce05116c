"""Mails as they were really sent: answers of mail programs, lists and forms, in the order in which they came or not."""

from __future__ import annotations

import asyncio

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from tests.edges.mail_io.sample_mail import FOLDER

pytestmark = [pytest.mark.anyio, pytest.mark.database]
SONY = "Sony Mathew <sony@aligned-cloud.com>"


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk, "replies@example.com")


def real(name: str) -> bytes:
    return (FOLDER / "chatwoot" / name).read_bytes()


async def test_any_of_several_ids_leads_to_the_conversation(post: Post) -> None:
    for own_id in (
        "<4e6e35f5a38b4_479f13bb90078171@small-app-01.mail>",
        "<4e6e35f5a38b4_479f13bb90078131@small-app-01.mail>",
        "<4e6e35f5a38b4_479f13bb90078178@small-app-01.mail>",
    ):
        box = await opened(post.desk, "replies@example.com")
        begun = await box.take(letter(sender=SONY, message_id=own_id, subject="Images"))
        answer = await box.take(real("multiple_in_reply_to.eml"))
        assert answer.conversation_id == begun.conversation_id
        assert (await box.threads(answer.conversation_id))[-1]["mail"]["isStranger"] is False


async def test_every_mail_to_a_help_desk_becomes_a_conversation_however_odd(post: Post) -> None:
    folder = sorted((FOLDER / "chatwoot").glob("*.eml"))
    received = await asyncio.gather(*(post.take(path.read_bytes()) for path in folder))
    assert len(folder) > 5
    assert {one.outcome for one in received} <= {"conversation", "thread"}
    again = await asyncio.gather(*(post.take(path.read_bytes()) for path in folder for _ in range(3)))
    assert {one.outcome for one in again} == {"duplicate"}


# The shapes that lead other programs astray: ids that go round in circles, ancestors that never came, a References
# field that contradicts In-Reply-To.
CIRCLE = [("<c1@x.test>", "<c2@x.test>", ""), ("<c2@x.test>", "<c1@x.test>", "")]
GHOST = [
    ("<child@x.test>", "<root@x.test>", "<root@x.test>"),
    ("<grand@x.test>", "<child@x.test>", "<root@x.test> <child@x.test>"),
    ("<grand2@x.test>", "<child@x.test>", "<root@x.test> <child@x.test>"),
    ("<great@x.test>", "<grand@x.test>", "<root@x.test> <grand@x.test>"),
    ("<root@x.test>", "", ""),
]
CONTRADICTION = [
    ("<b0@x.test>", "", ""),
    ("<b1@x.test>", "<b0@x.test>", "<b0--x@x.test>"),
    ("<b2@x.test>", "<b1@x.test>", "<b1@x.test> <b0@x.test>"),
]


@pytest.mark.parametrize("shape", [CIRCLE, GHOST, GHOST[::-1], CONTRADICTION])
async def test_threads_with_gaps_circles_and_contradictions_are_one_conversation(
    post: Post, shape: list[tuple[str, str, str]]
) -> None:
    for message_id, in_reply_to, references in shape:
        raw = letter(message_id=message_id, subject=message_id, In_Reply_To=in_reply_to, References=references)
        await post.take(raw)
    assert await post.count() == 1


async def test_an_ancestor_that_is_known_decides_before_one_that_is_not(post: Post) -> None:
    """A References field whose last id never came: what was answered is the conversation of the others."""
    first = await post.take(letter(message_id="<here@x.test>"))
    answer = letter(In_Reply_To="<nowhere@x.test>", References="<here@x.test> <here-too@x.test> <nowhere@x.test>")
    assert (await post.take(answer)).conversation_id == first.conversation_id
