"""Saved replies, automatic routing, availability."""

from waypost.kit.migrations.step import run

revision = "0009_working_together"
down_revision = "0008_merging"


def upgrade() -> None:
    run(__file__)
