"""What the worker keeps: facts that a reader could not take, and when schedules last ran."""

from waypost.kit.migrations.step import run

revision = "0005_runtime"
down_revision = "0004_search"


def upgrade() -> None:
    run(__file__)
