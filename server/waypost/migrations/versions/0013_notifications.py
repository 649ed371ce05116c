"""What users want to be told of by mail."""

from waypost.kit.migrations.step import run

revision = "0013_notifications"
down_revision = "0012_organizations"


def upgrade() -> None:
    run(__file__)
