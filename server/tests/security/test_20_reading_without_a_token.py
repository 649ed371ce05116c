"""20 and 24: reading a conversation by its number and a mail address, or what was mailed to the support address."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import letter, opened

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CODE = "verification code 918273"
WORDS = ("918273", "jane@example.org", "Confirm your account")


async def test_nobody_reads_a_mail_by_knowing_its_number_and_sender(module_desk: Desk) -> None:
    post = await opened(module_desk)
    taken = await post.take(letter(f"Your {CODE}.", subject="Confirm your account", message_id="<code@example.org>"))
    [thread] = await post.threads(taken.conversation_id)
    number = (await post.conversation(taken.conversation_id))["number"]
    anonymous = await module_desk.client()
    about = {"email": "jane@example.org", "number": str(number), "query": "(email:jane@example.org)", "status": "all"}
    paths = [
        *("", f"/{taken.conversation_id}", f"/{taken.conversation_id}/threads", f"/{number}"),
        f"/{taken.conversation_id}/threads/{thread['id']}/original-source",
    ]
    for path in paths:
        answer = await anonymous.get(f"/v2/conversations{path}", params=about)
        assert answer.status_code == 401, path
        assert not [word for word in WORDS if word in answer.text]
    for path in ("/", "/outbox", f"/content/{taken.conversation_id}", f"/content/messages/{thread['id']}", "/tickets"):
        answer = await anonymous.get(path, params=about, follow_redirects=True)
        assert not [word for word in WORDS if word in answer.text and word != "jane@example.org"], path


async def test_a_stranger_who_answers_gets_nothing_back(module_desk: Desk) -> None:
    """Writing in another's name, or into his conversation, has the desk send nothing at all."""
    post = await opened(module_desk)
    await post.take(letter(f"Your {CODE}.", subject="Confirm your account", message_id="<code2@example.org>"))
    await post.take(letter("Resend?", sender="eve@example.net", In_Reply_To="<code2@example.org>"))
    await post.take(letter("Resend?", sender="jane@example.org", subject="Re: Confirm your account"))
    assert await post.mailed_to() == set()
