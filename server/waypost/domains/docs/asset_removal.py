"""What becomes of the files of articles that are deleted: after a week they go too, unless something still shows them.

The specification (9) says nothing of it. What stands in a picture may be why an article was deleted.
"""

from __future__ import annotations

from datetime import timedelta

from waypost.domains.docs import rights
from waypost.kit.files import FileStore
from waypost.kit.jobs import enqueue
from waypost.kit.tx import Transactions, Tx

JOB = "docs.remove_assets"
#: A deletion by mistake is noticed by then, and the texts are put elsewhere.
GRACE = timedelta(days=7)
_AT_ONCE = 500

HAS_ANY = "select exists (select from docs_asset where account_id = $1 and article_id = any($2::text[]))"
#: Of the files of articles that are gone, those whose id stands in no text, draft, revision or look of any site.
UNUSED = """
with gone as (
  select f.id, f.storage_key from docs_asset f
  where f.account_id = $1 and f.article_id = any($2::text[]) and not exists (
    select from docs_article a where a.account_id = f.account_id and a.id = f.article_id)),
shown as materialized (
  select content from (
    select concat_ws(' ', text, source, draft, code) as content from docs_article where account_id = $1
    union all select text from docs_revision where account_id = $1
    union all select target from docs_redirect where account_id = $1
    union all select look::text from docs_site where account_id = $1) known
  where strpos(content, '/docs/assets/') > 0)
select gone.id, gone.storage_key from gone
where not exists (select from shown where strpos(shown.content, gone.id) > 0) order by gone.id
"""
DELETE = "delete from docs_asset where account_id = $1 and id = any($2::text[])"


async def remove_later(tx: Tx, account_id: int, article_ids: list[str]) -> None:
    """Have the files of articles that are about to go looked through when the grace is over."""
    for start in range(0, len(article_ids), _AT_ONCE):
        some = article_ids[start : start + _AT_ONCE]
        if await tx.connection.fetchval(HAS_ANY, account_id, some):
            await enqueue(tx, JOB, {"account_id": account_id, "article_ids": some}, run_at=tx.now + GRACE)


async def remove(transactions: Transactions, files: FileStore, account_id: int, article_ids: list[str]) -> None:
    """Remove those that nothing shows. Nobody writes meanwhile, so that none comes into use that is being removed."""
    async with transactions.open() as tx:
        await rights.begin(tx, account_id)
        rows = await tx.connection.fetch(UNUSED, account_id, article_ids)
        await tx.connection.execute(DELETE, account_id, [row["id"] for row in rows])
        for row in rows:
            tx.after_commit(lambda key=row["storage_key"]: files.delete_later(key))  # type: ignore[misc]  # bound now
