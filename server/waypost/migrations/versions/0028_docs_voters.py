"""Who has voted on an article, without saying who they are."""

from waypost.kit.migrations.step import run

revision = "0028_docs_voters"
down_revision = "0027_bounced_addresses"


def upgrade() -> None:
    run(__file__)
