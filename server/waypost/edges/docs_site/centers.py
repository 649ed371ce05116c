"""What the help centers of one process remember: kept pages, and views that are not yet written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from waypost.edges.docs_site.kept import KeptPages
from waypost.edges.docs_site.views import Views

if TYPE_CHECKING:
    from waypost.kit.tx import Transactions


class HelpCenters:
    """Made once for a process. Nothing is kept before `run` hears of changes."""

    def __init__(self, transactions: Transactions) -> None:
        self.kept = KeptPages()
        self.views = Views(transactions)

    async def run(self, dsn: str) -> None:
        """Hear of changes and write views until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.kept.listening.run(dsn))
            tasks.create_task(self.views.run())

    async def close(self) -> None:
        """Write the last views."""
        await self.views.write()
