"""Moves expired history into archives; rows leave their table only when the archive has been verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tg_parser.agents.archive import Archive, Writing, archives, finished, ids, remove_parts, require_whole
from tg_parser.domain.errors import ArchiveError
from tg_parser.domain.paths import why_not_written
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.engine.threads import in_thread
from tg_parser.storage.stores.agent_retention import ARCHIVED, AgentRetention

PAGE = 2000


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """The archives made, and those an earlier cleanup left pending; rows by table."""

    archived: dict[str, int]
    made: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()


class Cleanup:
    """Archives old rows of the history into `folder`."""

    def __init__(self, storage: AgentRetention, locks: Locks, folder: Path, page: int = PAGE) -> None:
        self._page = page
        self._storage = storage
        self._locks = locks
        self._folder = folder

    async def run(self, now: datetime, days: int, *, dry_run: bool = False) -> CleanupReport:
        """Archive what was made more than `days` before `now`. Raises BusyError if another process is doing so."""
        before = now - timedelta(days=days)
        if dry_run:
            return CleanupReport({table: await self._count(table, before) for table in sorted(ARCHIVED)})
        async with self._locks.exclusive("agents-cleanup"):
            try:
                return await self._clean(now, before)
            except OSError as error:
                raise ArchiveError(
                    f"The folder {self._folder} cannot be written: {why_not_written(error)}.", "Set AGENT_ARCHIVE_DIR."
                ) from error

    async def _clean(self, now: datetime, before: datetime) -> CleanupReport:
        await in_thread(remove_parts, self._folder)
        found = await in_thread(archives, self._folder)
        resumed = [await self._emptied(each) for each in found if each.state == "pending"]
        written = [await self._archived(table, now, before) for table in sorted(ARCHIVED)]
        made = [await self._emptied(archive) for archive in written if archive is not None]
        counts = {table: sum(each.rows for each in made if each.table == table) for table in sorted(ARCHIVED)}
        return CleanupReport(counts, tuple(each.name for each in made), tuple(each.name for each in resumed))

    async def _archived(self, table: str, now: datetime, before: datetime) -> Archive | None:
        with Writing(self._folder, table, f"{now:%Y%m%dT%H%M%S}") as writing:
            async for page in self._storage.pages(table, before, self._page):
                await in_thread(writing.add, page)
            return await in_thread(writing.finish) if writing.rows else None

    async def _emptied(self, archive: Archive) -> Archive:
        """Delete from the table the rows of a complete archive; the archive is marked as done last."""
        await in_thread(require_whole, archive)
        pages = ids(archive, self._page)
        while some := await in_thread(next, pages, None):
            await self._storage.delete(archive.table, some)
        return await in_thread(finished, archive)

    async def _count(self, table: str, before: datetime) -> int:
        return sum([len(page) async for page in self._storage.pages(table, before, self._page)])
