"""What is known of a mail on its way out, and a mailbox's server in one place only."""

from waypost.kit.migrations.step import run

revision = "0023_mail_out"
down_revision = "0022_mail_intake"


def upgrade() -> None:
    run(__file__)
