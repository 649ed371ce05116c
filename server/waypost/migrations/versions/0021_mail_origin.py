"""Where received mail comes from, and how often it was answered by a program."""

from waypost.kit.migrations.step import run

revision = "0021_mail_origin"
down_revision = "0020_mail_channel"


def upgrade() -> None:
    run(__file__)
