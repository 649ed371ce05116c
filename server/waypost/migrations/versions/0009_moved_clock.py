"""The desk's clock, moved forward in development."""

from waypost.kit.migrations.step import run

revision = "0009_moved_clock"
down_revision = "0008_merging"


def upgrade() -> None:
    run(__file__)
