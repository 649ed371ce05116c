"""Answers that are kept for requests which are sent again."""

from waypost.kit.migrations.step import run

revision = "0007_repeated_requests"
down_revision = "0006_message_identity"


def upgrade() -> None:
    run(__file__)
