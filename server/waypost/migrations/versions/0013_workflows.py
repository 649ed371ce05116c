"""Workflows, their history, and the indexes that time conditions look through."""

from waypost.kit.migrations.step import run

revision = "0013_workflows"
down_revision = "0012_organizations"


def upgrade() -> None:
    run(__file__)
