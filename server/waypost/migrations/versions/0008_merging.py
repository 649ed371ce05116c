"""What merging conversations and customers needs."""

from waypost.kit.migrations.step import run

revision = "0008_merging"
down_revision = "0007_repeated_requests"


def upgrade() -> None:
    run(__file__)
