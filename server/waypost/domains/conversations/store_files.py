"""SQL that stores several files of a thread at once; that of single ones is in store_threads."""

from __future__ import annotations

from datetime import datetime

from waypost.domains.conversations.models import Attachment
from waypost.kit.db import Connection

INSERT_SEVERAL = """
insert into attachment (account_id, conversation_id, thread_id, file_name, mime_type, size, width, height, content_id,
                        is_inline, storage_key, created_at)
select $1, $2, $3, f.file_name, f.mime_type, f.size, f.width, f.height, f.content_id, f.is_inline, f.storage_key, $12
from unnest($4::text[], $5::text[], $6::bigint[], $7::integer[], $8::integer[], $9::text[], $10::boolean[], $11::text[])
  with ordinality as f (file_name, mime_type, size, width, height, content_id, is_inline, storage_key, place)
order by f.place
"""


async def insert_several(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, files: list[Attachment], at: datetime
) -> None:
    """Insert several files of a thread, in their order."""
    await connection.execute(
        INSERT_SEVERAL, account_id, conversation_id, thread_id,
        [file.file_name for file in files], [file.mime_type for file in files], [file.size for file in files],
        [file.width for file in files], [file.height for file in files], [file.content_id for file in files],
        [file.is_inline for file in files], [file.storage_key for file in files], at,
    )  # fmt: skip
