"""The tables of every domain."""

from waypost.kit.migrations.step import run

revision = "0001_ground"
down_revision = None


def upgrade() -> None:
    run(__file__)
