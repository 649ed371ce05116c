"""How mailboxes are connected to mail."""

from waypost.kit.migrations.step import run

revision = "0020_mail_channel"
down_revision = "0019_webhook_deliveries"


def upgrade() -> None:
    run(__file__)
