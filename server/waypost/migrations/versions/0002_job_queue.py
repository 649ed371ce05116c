"""The job queue's tables, as PgQueuer 1.6 declares them."""

from waypost.kit.migrations.step import run

revision = "0002_job_queue"
down_revision = "0001_ground"


def upgrade() -> None:
    run(__file__)
