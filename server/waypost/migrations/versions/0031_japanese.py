"""Sites in Japanese."""

from waypost.kit.migrations.step import run

revision = "0031_japanese"
down_revision = "0030_docs_entries"


def upgrade() -> None:
    run(__file__)
