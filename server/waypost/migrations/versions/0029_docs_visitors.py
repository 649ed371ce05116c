"""Visitors of help centers who may see more than others."""

from waypost.kit.migrations.step import run

revision = "0029_docs_visitors"
down_revision = "0028_docs_voters"


def upgrade() -> None:
    run(__file__)
