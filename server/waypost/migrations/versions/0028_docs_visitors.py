"""Visitors of help centers who may see more than others."""

from waypost.kit.migrations.step import run

revision = "0028_docs_visitors"
down_revision = "0027_bounced_addresses"


def upgrade() -> None:
    run(__file__)
