"""The program that reads messages for `parsers`: raw bytes come in, what was read goes out, one after the other.

It says with one byte that it is ready. Each message is a frame of its length (8 bytes) and the time that its date is
judged by (8 bytes, microseconds), then its bytes; each answer one of its length and MessagePack. The program ends with
its input.
"""

from __future__ import annotations

import contextlib
import resource
import struct
import sys
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import msgspec

from waypost.edges.mail_io.parse import parse_message

#: A message that needs more than this is not read. Attachments stand in memory several times over.
MOST_MEMORY = 2 * 2**30
QUESTION = struct.Struct("!QQ")
ANSWER = struct.Struct("!Q")
READY = b"\x01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there are no more questions."""
    answers.write(READY)
    answers.flush()
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        size, moment = QUESTION.unpack(head)
        message = parse_message(questions.read(size), EPOCH + timedelta(microseconds=moment))
        body = msgspec.msgpack.encode(message)
        answers.write(ANSWER.pack(len(body)))
        answers.write(body)
        answers.flush()


if __name__ == "__main__":
    # Not every system has this limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, sys.stdout.buffer)
