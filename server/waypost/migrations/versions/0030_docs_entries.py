"""What searches of the knowledge base read, apart from the articles."""

from waypost.kit.migrations.step import run

revision = "0030_docs_entries"
down_revision = "0029_docs_visitors"


def upgrade() -> None:
    run(__file__)
