"""What a revision file calls: run the SQL file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
from alembic import op


class StepFailed(RuntimeError):
    """A statement of a step failed; the message names file, line and reason."""


def run(revision: str) -> None:
    """Run all statements of the `.sql` file that lies beside the revision file, in the migration's transaction."""
    path = Path(revision).with_suffix(".sql")
    sql = path.read_text(encoding="utf-8")

    async def execute(raw: Any) -> None:
        await raw.execute(sql)

    connection: Any = op.get_bind().connection.dbapi_connection
    try:
        connection.run_async(execute)
    except asyncpg.PostgresError as error:
        position = getattr(error, "position", None)
        line = f" line {sql.count(chr(10), 0, int(position)) + 1}" if position else ""
        detail = f" ({error.detail})" if getattr(error, "detail", None) else ""
        raise StepFailed(f"{path.name}{line}: {error.args[0]}{detail}") from error
