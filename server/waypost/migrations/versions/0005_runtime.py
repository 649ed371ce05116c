"""What the worker keeps: facts that a reader could not take, and when schedules last ran."""

from waypost.kit.migrations import steps
from waypost.kit.migrations.step import run

revision = "0005_runtime"
down_revision = max(step for step in steps() if step < revision)


def upgrade() -> None:
    run(__file__)
