"""Workflows, their history, and the indexes that time conditions look through."""

from waypost.kit.migrations.step import run

revision = "0016_workflows"
down_revision = "0015_versions"


def upgrade() -> None:
    run(__file__)
