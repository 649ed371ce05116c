"""The knowledge base: sites, collections, categories, articles, and what is counted about them."""

from waypost.kit.migrations.step import run

revision = "0022_docs"
down_revision = "0021_mail_origin"


def upgrade() -> None:
    run(__file__)
