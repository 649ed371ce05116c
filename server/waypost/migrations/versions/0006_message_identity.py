"""When two received messages are the same one."""

from waypost.kit.migrations.step import run

revision = "0006_message_identity"
down_revision = "0005_runtime"


def upgrade() -> None:
    run(__file__)
