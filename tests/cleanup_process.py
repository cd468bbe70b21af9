"""A cleanup of the agents' history that stops at a chosen moment, says so, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from samples import NOW

from tg_parser.agents.cleanup import Cleanup
from tg_parser.config.settings import load_settings
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.agent_retention import AgentRetention

DAYS, PAGE = 14, 40
TABLE = "task_history"


class StoppingRetention(AgentRetention):
    """Reads and deletes until the chosen moment of the work on the tasks; the handoffs come before them."""

    def __init__(self, database: Database, moment: str) -> None:
        super().__init__(database)
        self._moment = moment
        self._deleted = 0

    async def pages(self, table: str, before: datetime, size: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        async for page in super().pages(table, before, size):
            yield page
            if table == TABLE:
                await self._stop_at("while writing")

    async def delete(self, table: str, ids: Sequence[str]) -> int:
        if table != TABLE:
            return await super().delete(table, ids)
        await self._stop_at("before deleting" if self._deleted == 0 else "while deleting")
        self._deleted += 1
        gone = await super().delete(table, ids)
        if len(ids) < PAGE:
            await self._stop_at("after deleting")
        return gone

    async def _stop_at(self, moment: str) -> None:
        if moment == self._moment:
            sys.stdout.write("there\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


async def clean(folder: str, moment: str) -> None:
    """Clean up as of the day of the samples."""
    async with open_databases(load_settings(None)) as databases:
        retention = StoppingRetention(databases.processing, moment)
        await Cleanup(retention, databases.locks, Path(folder), PAGE).run(NOW, DAYS)


if __name__ == "__main__":
    asyncio.run(clean(*sys.argv[1:]))
