"""What users want to be told of by mail."""

from waypost.kit.migrations.step import run

revision = "0014_notifications"
down_revision = "0013_organization_search"


def upgrade() -> None:
    run(__file__)
