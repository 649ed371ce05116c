"""How the search documents of an organization's customers follow its name."""

from waypost.kit.migrations.step import run

revision = "0013_organization_search"
down_revision = "0012_organizations"


def upgrade() -> None:
    run(__file__)
