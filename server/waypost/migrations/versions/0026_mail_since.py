"""Where in a folder of a mail server the wish for mail since a day ends."""

from waypost.kit.migrations.step import run

revision = "0026_mail_since"
down_revision = "0025_docs"


def upgrade() -> None:
    run(__file__)
