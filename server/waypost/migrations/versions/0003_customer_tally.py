"""The kept number of customers, and the indexes that their lists page by."""

from waypost.kit.migrations.step import run

revision = "0003_customer_tally"
down_revision = "0002_job_queue"


def upgrade() -> None:
    run(__file__)
