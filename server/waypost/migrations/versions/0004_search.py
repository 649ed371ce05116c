"""Documents for the query language and full text."""

from waypost.kit.migrations.step import run

revision = "0004_search"
down_revision = "0003_customer_tally"


def upgrade() -> None:
    run(__file__)
