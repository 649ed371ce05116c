"""What merging conversations and customers needs."""

from waypost.kit.migrations.step import run

revision = "0007_merging"
down_revision = "0006_message_identity"


def upgrade() -> None:
    run(__file__)
