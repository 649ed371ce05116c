"""Who wants to be told of which events."""

from waypost.kit.migrations.step import run

revision = "0011_webhooks"
down_revision = "0010_moved_clock"


def upgrade() -> None:
    run(__file__)
