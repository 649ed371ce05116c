"""${message}."""

from waypost.kit.migrations.step import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run(__file__)
