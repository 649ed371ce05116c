"""What received mail is threaded by, and addresses that mail does not reach."""

from waypost.kit.migrations.step import run

revision = "0024_mail_threading"
down_revision = "0023_mail_out"


def upgrade() -> None:
    run(__file__)
