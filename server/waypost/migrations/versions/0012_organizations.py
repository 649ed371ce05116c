"""Organizations: kept counts, domains, properties, and how one is deleted."""

from waypost.kit.migrations.step import run

revision = "0012_organizations"
down_revision = "0011_webhooks"


def upgrade() -> None:
    run(__file__)
