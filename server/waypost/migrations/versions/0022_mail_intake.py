"""Mail that has been taken in and not been read yet, and how far folders have been read."""

from waypost.kit.migrations.step import run

revision = "0022_mail_intake"
down_revision = "0021_mail_origin"


def upgrade() -> None:
    run(__file__)
