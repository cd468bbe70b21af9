"""Agents, their history, and the cleanup of old history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tg_parser.agents.archive import Archive, archives, require_whole
from tg_parser.agents.cleanup import Cleanup, CleanupReport
from tg_parser.config.agent_settings import AgentSettings
from tg_parser.domain.agents import Handoff, HandoffStatus, TaskRecord
from tg_parser.domain.errors import ArchiveError, NotFoundError
from tg_parser.domain.pages import PageRequest, position_cursor, position_of
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.views.agents import ArchiveState
from tg_parser.services.views.pages import Page
from tg_parser.storage.stores.agents import AgentState, AgentStorage, DailyStats
from tg_parser.storage.stores.handoffs import HandoffStorage

__all__ = ["AgentHistoryService", "AgentState"]


class AgentHistoryService:
    """Shows agents, tasks, handoffs and archives."""

    def __init__(
        self, agents: AgentStorage, handoffs: HandoffStorage, cleanup: Cleanup, settings: AgentSettings
    ) -> None:
        self._agents = agents
        self._handoffs = handoffs
        self._cleanup = cleanup
        self._settings = settings

    async def agents(self) -> list[AgentState]:
        """Return all registered agents, by name."""
        return await self._agents.agents()

    async def status(self, name: str, days: int) -> tuple[AgentState, list[DailyStats]]:
        """Return an agent and its last `days` days with work. Raises NotFoundError."""
        state = await self._agents.agent(name)
        if state is None:
            known = ", ".join(each.card.name for each in await self._agents.agents())
            if known:
                raise NotFoundError(f"There is no agent {name!r}.", f"Known agents: {known}.", agent=name)
            raise NotFoundError(f"There is no agent {name!r}.", case="no_agents", agent=name)
        return state, await self._agents.stats(name, days)

    async def history(self, name: str, page: PageRequest, *, failed_only: bool = False) -> Page[TaskRecord]:
        """Return the latest tasks of an agent, newest first. Raises NotFoundError, InvalidCursorError."""
        await self.status(name, 1)
        of = ("tasks", name, failed_only)
        found, end = await self._agents.history(
            name, page.limit, failed_only=failed_only, after=position_of(page.cursor, *of)
        )
        return Page(items=tuple(found), next_cursor=end and position_cursor(end, *of))

    async def handoffs(
        self, page: PageRequest, status: HandoffStatus | None = None, agent: str | None = None
    ) -> Page[Handoff]:
        """Return the latest handoffs, newest first. Raises InvalidCursorError."""
        of = ("handoffs", status, agent)
        found, end = await self._handoffs.latest(
            page.limit, status=status, agent=agent, after=position_of(page.cursor, *of)
        )
        return Page(items=tuple(found), next_cursor=end and position_cursor(end, *of))

    async def cleanup(self, *, days: int | None = None, dry_run: bool = False) -> CleanupReport:
        """Archive and delete history older than `days`, by default as set in the settings."""
        return await self._cleanup.run(utc_now(), days or self._settings.retention_days, dry_run=dry_run)

    async def archives(self, *, check: bool = False) -> Sequence[ArchiveState]:
        """Return the archives by name; with `check`, each is read completely."""
        found = await asyncio.to_thread(archives, self._settings.archive_dir)
        return [await asyncio.to_thread(_state, archive, check) for archive in found]


def _state(archive: Archive, check: bool) -> ArchiveState:
    problem = None
    if check:
        try:
            require_whole(archive)
        except ArchiveError as error:
            problem = error.message
    return ArchiveState(
        name=archive.name,
        path=archive.path,
        table=archive.table,
        rows=archive.rows,
        state=archive.state,
        problem=problem,
    )
