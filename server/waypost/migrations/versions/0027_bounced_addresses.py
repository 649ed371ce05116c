"""Finding the customers whom mail does not reach."""

from waypost.kit.migrations.step import run

revision = "0027_bounced_addresses"
down_revision = "0026_mail_since"


def upgrade() -> None:
    run(__file__)
