"""Alembic's entry point; `waypost.kit.migrations.apply` hands in the connection and its transaction."""

from alembic import context

settings = context.config.attributes


def note(*, step: object, **_: object) -> None:
    settings["note"](step.up_revision_id)  # type: ignore[attr-defined]


context.configure(connection=settings["connection"], on_version_apply=note)
with context.begin_transaction():
    context.run_migrations()
