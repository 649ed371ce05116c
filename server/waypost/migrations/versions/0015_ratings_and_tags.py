"""What customers think of answers, and tags with names for their colours."""

from waypost.kit.migrations.step import run

revision = "0015_ratings_and_tags"
down_revision = "0014_notifications"


def upgrade() -> None:
    run(__file__)
