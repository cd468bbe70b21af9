"""Agent storage: registry, history, statistics that add up, handoffs, and what is old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.agents import AgentCard, Handoff, TaskRecord
from tg_parser.domain.errors import HandoffError
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.agent_retention import AgentRetention
from tg_parser.storage.stores.agents import AgentStorage, DailyStats
from tg_parser.storage.stores.handoffs import HandoffStorage

KEPT = timedelta(days=14)
CARD = AgentCard("reviewer", "quality", "Checks answers.", ("guards", "model"), provider="openai", model="m")


@pytest.fixture
def agents(databases: Databases) -> AgentStorage:
    return AgentStorage(databases.processing)


@pytest.fixture
def handoffs(databases: Databases) -> HandoffStorage:
    return HandoffStorage(databases.processing)


@pytest.fixture
def retention(databases: Databases) -> AgentRetention:
    return AgentRetention(databases.processing)


def task(milliseconds: int = 10, **fields: Any) -> TaskRecord:
    known = {"agent_name": "reviewer", "task_type": "review", "at": NOW, "input": {"n": 1}, "output": {"ok": True}}
    return TaskRecord(**{**known, "milliseconds": milliseconds, **fields})


def handoff(number: int, **fields: Any) -> Handoff:
    return Handoff(f"h{number}", "orchestrator", "processor", "process", NOW + timedelta(minutes=number), **fields)


async def test_registered_agent_keeps_what_it_has_done(agents: AgentStorage) -> None:
    """Registering again changes what an agent is, never what it did."""
    await agents.register([CARD], NOW)
    await agents.record([task(10), task(30, error="bad")], KEPT)
    await agents.register([replace(CARD, description="Checks all answers.", model=None)], NOW + KEPT)
    state = await agents.agent("reviewer")
    assert (state.card.description, state.card.model, state.card.capabilities) == (
        "Checks all answers.", None, ("guards", "model"),
    )  # fmt: skip
    assert (state.tasks, state.errors, state.average_ms, state.last_used_at) == (2, 1, 20.0, NOW)
    assert await agents.agent("nobody") is None


async def test_days_add_up(agents: AgentStorage) -> None:
    """Counts of one day, agent and kind of task add up over batches; the quickest and the slowest stay."""
    await agents.record([task(10), task(30), task(5, task_type="other")], KEPT)
    await agents.record([task(20, error="bad"), task(50, at=NOW + timedelta(days=1))], KEPT)
    assert await agents.stats("reviewer", 7) == [
        DailyStats("2024-11-28", "review", 1, 1, 0, 50, 50, 50),
        DailyStats("2024-11-27", "other", 1, 1, 0, 5, 5, 5),
        DailyStats("2024-11-27", "review", 3, 2, 1, 60, 10, 30),
    ]
    assert [day.date for day in await agents.stats("reviewer", 1)] == ["2024-11-28"]


async def test_counters_of_many_writers_add_up(agents: AgentStorage) -> None:
    """Twenty batches at once lose no count: the sums are made in the database."""
    await agents.register([CARD], NOW)
    await asyncio.gather(*(agents.record([task(10)] * 5, KEPT) for _ in range(20)))
    assert (await agents.agent("reviewer")).tasks == 100
    assert [(day.tasks, day.total_ms) for day in await agents.stats("reviewer", 1)] == [(100, 1000)]
    assert len((await agents.history("reviewer", 1000))[0]) == 100


async def test_history_is_newest_first(agents: AgentStorage) -> None:
    """With input and output as they were, NUL aside, which no database here keeps."""
    older = task(1, source_ref=f"tg:{CHANNEL}:post:1", channel_id=CHANNEL, input={"text": "a\x00b"})
    newer = task(2, at=NOW + timedelta(seconds=1), output=None, error="no answer")
    await agents.record([older, newer], KEPT)
    assert (await agents.history("reviewer", 10))[0] == [newer, replace(older, input={"text": "ab"})]
    assert (await agents.history("reviewer", 10, failed_only=True))[0] == [newer]
    assert (await agents.history("other", 10))[0] == []


async def test_handoff_moves_only_from_the_state_that_was_seen(handoffs: HandoffStorage) -> None:
    """Of two that change one handoff the second is refused; a handoff nobody knows too."""
    first = handoff(1, payload={"channel": CHANNEL}, context={"holder": "1"})
    await handoffs.add([first])
    accepted = first.moved("accepted", NOW)
    await handoffs.move(first, accepted)
    with pytest.raises(HandoffError, match="is accepted and cannot become rejected"):
        await handoffs.move(first, first.moved("rejected", NOW))
    with pytest.raises(HandoffError, match="is gone"):
        await handoffs.move(handoff(2), handoff(2).moved("accepted", NOW))
    assert (await handoffs.latest(10))[0] == [accepted]


async def test_handoff_of_the_earlier_version_moves_and_keeps_what_it_carries(
    handoffs: HandoffStorage, databases: Databases
) -> None:
    """Whatever its context and payload were; no one holds it, so it can be settled."""
    await handoffs.add([handoff(1, status="in_progress", payload=["anything"], context=["a", "list"])])
    (known,) = await handoffs.open()
    await handoffs.move(known, known.moved("failed", NOW, error="abandoned"))

    async def stored(conn: AsyncConnection) -> list[str]:
        query = "SELECT status, payload_json, context_json FROM handoff_history"
        return [str(value).replace('"', "'").replace(" ", "") for value in (await conn.execute(text(query))).one()]

    assert await databases.processing.read(stored) == ["failed", "['anything']", "['a','list']"]


async def test_open_handoffs_and_the_latest(handoffs: HandoffStorage) -> None:
    """Open ones the oldest first; the latest by state and agent."""
    done = replace(handoff(3, status="completed"), target_agent="exporter", result={"entries": 3})
    await handoffs.add([handoff(1), handoff(2, status="in_progress"), done])
    assert [each.id for each in await handoffs.open()] == ["h1", "h2"]
    assert [each.id for each in (await handoffs.latest(2))[0]] == ["h3", "h2"]
    assert (await handoffs.latest(9, status="completed"))[0] == [done]
    assert [each.id for each in (await handoffs.latest(9, agent="processor"))[0]] == ["h2", "h1"]
    assert len((await handoffs.latest(9, agent="orchestrator"))[0]) == 3


async def ids(pages: AsyncIterator[Any]) -> list[str]:
    return [row["id"] async for page in pages for row in page]


async def test_old_rows_are_read_by_id_and_deleted(
    agents: AgentStorage, handoffs: HandoffStorage, retention: AgentRetention
) -> None:
    """Only what is older than the moment, page by page; a handoff that is open is never old."""
    await agents.record([task(at=NOW + timedelta(days=day)) for day in range(5)], KEPT)
    await handoffs.add([handoff(1, status="failed"), handoff(2, status="in_progress")])
    moment = NOW + timedelta(days=3)
    old = await ids(retention.pages("task_history", moment, 2))
    assert [id_[:8] for id_ in old] == ["20241127", "20241128", "20241129"]
    assert await ids(retention.pages("handoff_history", moment, 2)) == ["h1"]
    assert await retention.delete("task_history", old) == 3
    assert await retention.delete("task_history", old) == 0
    assert len((await agents.history("reviewer", 10))[0]) == 2


async def test_last_tasks_of_an_agent_are_found_by_index(agents: AgentStorage, databases: Databases) -> None:
    """The newest of a long history come without a look at all of it."""
    await agents.record([task(at=NOW + timedelta(seconds=n)) for n in range(1000)], KEPT)
    explain = "EXPLAIN QUERY PLAN" if databases.processing.dialect.embedded else "EXPLAIN"

    async def plan(conn: AsyncConnection) -> str:
        await databases.processing.dialect.read_by_key(conn)
        query = "SELECT * FROM task_history WHERE agent_name = 'reviewer' ORDER BY created_at DESC, id DESC LIMIT 5"
        return str((await conn.execute(text(f"{explain} {query}"))).all())

    assert "idx_tasks_agent" in await databases.processing.read(plan)
