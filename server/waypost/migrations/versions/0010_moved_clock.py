"""The desk's clock, moved forward in development."""

from waypost.kit.migrations.step import run

revision = "0010_moved_clock"
down_revision = "0009_working_together"


def upgrade() -> None:
    run(__file__)
