"""Alembic's entry point; `waypost.kit.migrations.apply` hands in the connection and its transaction."""

from typing import Any

from alembic import context

settings = context.config.attributes


def note(*_: Any, **told: Any) -> None:
    """Alembic calls this with keywords after each step, though its type says positions."""
    settings["note"](told["step"].up_revision_id)


context.configure(connection=settings["connection"], on_version_apply=note)
with context.begin_transaction():
    context.run_migrations()
