"""What customers think of answers, and tags with names for their colours."""

from waypost.kit.migrations.step import run

revision = "0017_ratings_and_tags"
down_revision = "0016_workflows"


def upgrade() -> None:
    run(__file__)
