"""The orchestrator: steps in order, each a handoff; what a failed step takes with it and what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tg_parser.agents.agent import Agent, Assignment, Done
from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.history import Recorder
from tg_parser.agents.orchestrator import Orchestrator
from tg_parser.agents.plans import parse_plan
from tg_parser.domain.agents import AgentCard
from tg_parser.domain.errors import SettingsError, SourceError
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.handoffs import HandoffStorage

PLAN = parse_plan(
    """
name: four
description: Two chains.
steps:
  - {name: fetch, agent: worker, options: {depth: 2}}
  - {name: read, agent: worker, needs: [fetch]}
  - {name: write, agent: worker, needs: [read]}
  - {name: look, agent: worker}
""",
    "four.yaml",
)


@pytest.fixture
def handoffs(databases: Databases) -> HandoffStorage:
    return HandoffStorage(databases.processing)


@pytest.fixture
def agents(databases: Databases) -> AgentStorage:
    return AgentStorage(databases.processing)


@pytest.fixture
def orchestrator(databases: Databases, agents: AgentStorage, handoffs: HandoffStorage) -> Callable[..., Any]:
    """An orchestrator of one agent."""

    def built(work: Callable[..., Any] | None) -> Orchestrator:
        worker = Agent(AgentCard("worker", "test", "Does everything.", ()), work, frozenset({"depth"}))
        recorder = Recorder(agents, handoffs, timedelta(days=1))
        return Orchestrator([worker], HandoffQueue(handoffs, databases.locks), recorder, agents)

    return built


async def states(handoffs: HandoffStorage) -> dict[str, Any]:
    return {each.task_type: (each.status, each.error) for each in (await handoffs.latest(9))[0]}


async def test_steps_see_what_came_before(
    orchestrator: Callable[..., Any], handoffs: HandoffStorage, agents: AgentStorage
) -> None:
    """In order, with their options and what was given to the run; every handoff ends with what came of it."""
    seen = []

    async def work(assignment: Assignment) -> Done:
        seen.append((assignment.step, dict(assignment.options), [done.value for done in assignment.done.values()]))
        return Done(assignment.inputs["n"] * len(seen), {"number": len(seen)})

    done = await orchestrator(work).run(PLAN, {"n": 10}, skip=frozenset({"read"}))
    assert {name: each.value for name, each in done.items()} == {"fetch": 10, "write": 20, "look": 30}
    assert seen == [("fetch", {"depth": 2}, []), ("write", {}, [10]), ("look", {}, [10, 20])]
    assert await states(handoffs) == dict.fromkeys(("fetch", "write", "look"), ("completed", None))
    results = {each.task_type: (each.payload, each.result) for each in (await handoffs.latest(9))[0]}
    assert results["fetch"] == ({"depth": 2}, {"number": 1})
    (run,) = (await agents.history("orchestrator", 9))[0]
    assert run.output == {"completed": ["fetch", "write", "look"]}


async def test_failed_step_takes_only_those_that_need_it(
    orchestrator: Callable[..., Any], handoffs: HandoffStorage, agents: AgentStorage
) -> None:
    """The others are done, then the error is raised; the history has it too."""

    async def work(assignment: Assignment) -> Done:
        if assignment.step == "fetch":
            raise SourceError("There is no such chat.")
        return Done(None, {})

    with pytest.raises(SourceError, match="There is no such chat"):
        await orchestrator(work).run(PLAN, {})
    assert await states(handoffs) == {
        "fetch": ("failed", "SourceError: There is no such chat."),
        "read": ("rejected", "The step 'fetch' was not done."),
        "write": ("rejected", "The step 'read' was not done."),
        "look": ("completed", None),
    }
    assert [task.task_type for task in (await agents.history("worker", 9, failed_only=True))[0]] == ["fetch"]


async def test_stopped_run_leaves_nothing_open(orchestrator: Callable[..., Any], handoffs: HandoffStorage) -> None:
    """Ctrl-C in a step: it has failed, and what was to come is rejected."""
    begun = asyncio.Event()

    async def work(assignment: Assignment) -> Done:
        if assignment.step == "read":
            begun.set()
            await asyncio.Event().wait()
        return Done(None, {})

    run = asyncio.create_task(orchestrator(work).run(PLAN, {}))
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await states(handoffs) == {
        "fetch": ("completed", None),
        "read": ("failed", "Stopped before it was done."),
        "write": ("rejected", "The step 'read' was not done."),
        "look": ("rejected", "The step 'read' was not done."),
    }


async def test_plan_that_does_not_fit_begins_nothing(
    orchestrator: Callable[..., Any], handoffs: HandoffStorage, agents: AgentStorage
) -> None:
    """An agent or an option that there is not is told before any handoff."""
    plan = parse_plan("{name: x, description: x, steps: [{name: a, agent: nobody}]}", "x.yaml")
    with pytest.raises(SettingsError, match="there is no agent 'nobody'"):
        await orchestrator(None).run(plan, {})
    assert ((await handoffs.latest(9))[0], await agents.agents()) == ([], [])
