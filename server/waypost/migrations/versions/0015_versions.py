"""Versions of what callers change, for changes that only count if nobody else was faster."""

from waypost.kit.migrations.step import run

revision = "0015_versions"
down_revision = "0014_notifications"


def upgrade() -> None:
    run(__file__)
