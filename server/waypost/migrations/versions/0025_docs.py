"""The knowledge base: sites, collections, categories, articles, and what is counted about them."""

from waypost.kit.migrations.step import run

revision = "0025_docs"
down_revision = "0024_mail_threading"


def upgrade() -> None:
    run(__file__)
