"""What is sent to receivers of webhooks."""

from waypost.kit.migrations.step import run

revision = "0019_webhook_deliveries"
down_revision = "0018_search_language"


def upgrade() -> None:
    run(__file__)
