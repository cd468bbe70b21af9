"""Agents, their work and their archives."""

from __future__ import annotations

from pathlib import Path

from tg_parser.domain.agents import Handoff, TaskRecord
from tg_parser.services.views.base import View
from tg_parser.storage.stores.agents import AgentState, DailyStats


class AgentList(View):
    """`agents list`."""

    agents: tuple[AgentState, ...]


class AgentStatus(View):
    """`agents status`: an agent, and its work per day."""

    agent: AgentState
    days: tuple[DailyStats, ...]


class AgentTasks(View):
    """`agents history`, newest first."""

    agent: str
    tasks: tuple[TaskRecord, ...]


class HandoffList(View):
    """`agents handoffs`, newest first."""

    handoffs: tuple[Handoff, ...]


class HistoryCleanup(View):
    """`agents cleanup`: rows by table, new archives, and those that an earlier, interrupted cleanup had started."""

    archived: dict[str, int]
    made: tuple[str, ...]
    resumed: tuple[str, ...]
    dry_run: bool


class ArchiveState(View):
    """An archive, and what is wrong with it if it was checked."""

    name: str
    path: Path
    table: str
    rows: int
    state: str
    problem: str | None = None


class ArchiveList(View):
    """`agents archives`."""

    archives: tuple[ArchiveState, ...]
