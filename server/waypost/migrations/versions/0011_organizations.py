"""Organizations: kept counts, domains, properties, and how one is deleted."""

from waypost.kit.migrations.step import run

revision = "0011_organizations"
down_revision = "0010_moved_clock"


def upgrade() -> None:
    run(__file__)
