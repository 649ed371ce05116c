"""What a customer quotes is kept and shown, but neither the beginning of a conversation's preview nor found twice."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


async def found(post: Post, word: str) -> int:
    answer = await (await post.client()).get("/v2/conversations", params={"query": f'(body:"{word}")', "status": "all"})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["page"]["totalElements"])


ANSWER = (
    "Thank you, pangolin.\n\nOn Mon, 2 Nov 2026, Desk <support@acme.test> wrote:\n> Have you an armadillo?\n\n-- \nJane"
)


async def test_an_answer_is_previewed_and_found_by_its_own_words(post: Post) -> None:
    first = await post.take(letter("Where is my parcel?", message_id="<first@example.org>"))
    await post.take(letter(ANSWER, In_Reply_To="<first@example.org>"))

    assert (await post.conversation(first.conversation_id))["preview"] == "Thank you, pangolin."
    assert "armadillo" in (await post.threads(first.conversation_id))[-1]["body"]
    assert [await found(post, word) for word in ("parcel", "pangolin", "armadillo")] == [1, 1, 0]


async def test_a_message_that_starts_a_conversation_is_found_by_all_of_it(post: Post) -> None:
    made = await post.take(letter(ANSWER))

    assert (await post.conversation(made.conversation_id))["preview"] == "Thank you, pangolin."
    assert [await found(post, word) for word in ("pangolin", "armadillo")] == [1, 1]
