"""Where things of the knowledge base were taken in from."""

from waypost.kit.migrations.step import run

revision = "0032_docs_origins"
down_revision = "0031_japanese"


def upgrade() -> None:
    run(__file__)
