"""Organizations: kept counts, domains, properties, and how one is deleted."""

from waypost.kit.migrations.step import run

revision = "0009_organizations"
down_revision = "0008_merging"


def upgrade() -> None:
    run(__file__)
