"""Searches find the other forms of a word, and count hits without visiting the conversations."""

from waypost.kit.migrations.step import run

revision = "0018_search_language"
down_revision = "0017_ratings_and_tags"


def upgrade() -> None:
    run(__file__)
