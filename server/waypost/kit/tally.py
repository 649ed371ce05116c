"""Folding of tallies: the rows of `<name>_delta` are added into `<name>` in small transactions.

Base and deltas together are exact at every moment, because a row moves from one to the other in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from waypost.kit.tx import Transactions

ROWS_A_TRANSACTION = 2000


@dataclass(frozen=True)
class Tally:
    """A base table and its key; the deltas lie in `<table>_delta` with the same columns. Both count in `n`."""

    table: str
    key: tuple[str, ...]

    def statement(self) -> str:
        """Fold up to $1 delta rows; returns how many.

        SKIP LOCKED lets several workers fold side by side; the order of the upsert keeps them from deadlocks.
        """
        key = ", ".join(self.key)
        return f"""
with taken as (
  delete from {self.table}_delta
  where ctid = any (array(select ctid from {self.table}_delta limit $1 for update skip locked))
  returning {key}, n
), folded as (
  insert into {self.table} ({key}, n)
  select {key}, sum(n) from taken group by {key} having sum(n) <> 0 order by {key}
  on conflict ({key}) do update set n = {self.table}.n + excluded.n
)
select count(*) from taken
"""


async def fold(transactions: Transactions, tallies: tuple[Tally, ...], limit: int = ROWS_A_TRANSACTION) -> int:
    """Fold what there is, at most `limit` rows a transaction; returns the number of delta rows."""
    total = 0
    for tally in tallies:
        statement = tally.statement()
        while True:
            async with transactions.open() as tx:
                count: int = await tx.connection.fetchval(statement, limit)
            total += count
            if count < limit:
                break
    return total
