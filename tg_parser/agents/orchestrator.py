"""The orchestrator: carries out the steps of a plan in order, each a handoff to an agent, and records them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from tg_parser.agents.agent import Agent, Assignment, Done
from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.history import Recorder, noted, noted_error
from tg_parser.agents.plans import Plan, Step
from tg_parser.domain.agents import AgentCard, Handoff, JsonObject, TaskRecord, new_id
from tg_parser.domain.times import utc_now
from tg_parser.storage.stores.agents import AgentStorage

CARD = AgentCard(
    "orchestrator", "orchestration", "Takes the steps of a plan in order and hands each to its agent.", ("plan",)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Way:
    """A step with its agent and the present state of its handoff."""

    step: Step
    agent: Agent
    handoff: Handoff


class Orchestrator:
    """Runs plans over `agents`; `others` are only registered with them, because they work inside a step."""

    def __init__(
        self,
        agents: Iterable[Agent],
        queue: HandoffQueue,
        recorder: Recorder,
        registry: AgentStorage,
        others: Sequence[AgentCard] = (),
    ) -> None:
        self._agents = {agent.card.name: agent for agent in agents}
        self._queue = queue
        self._recorder = recorder
        self._registry = registry
        self._others = others

    async def run(self, plan: Plan, inputs: Mapping[str, Any], skip: frozenset[str] = frozenset()) -> dict[str, Done]:
        """Run the steps not in `skip`. Steps that need a failed one are rejected, others run all the same;
        then the first error is raised.
        """
        plan.require_agents(self._agents)
        started = time.monotonic()
        async with self._queue.opened() as holder, self._recorder.running():
            cards = [CARD, *(agent.card for agent in self._agents.values()), *self._others]
            await self._registry.register(cards, utc_now())
            ways = [self._way(plan, step, holder) for step in plan.steps if step.name not in skip]
            await self._queue.add(way.handoff for way in ways)
            given = {"steps": [way.step.name for way in ways]}
            try:
                done = await self._taken(ways, inputs)
            except BaseException as error:
                self._note(CARD.name, plan.name, started, given, error=noted_error(error))
                raise
            self._note(CARD.name, plan.name, started, given, output={"completed": list(done)})
            return done

    def _way(self, plan: Plan, step: Step, holder: str) -> _Way:
        now = utc_now()
        handoff = Handoff(
            id=new_id(now),
            source_agent=CARD.name,
            target_agent=step.agent,
            task_type=step.name,
            created_at=now,
            payload=noted(step.options),
            context={"holder": holder, "plan": plan.name},
        )
        return _Way(step, self._agents[step.agent], handoff)

    async def _taken(self, ways: Sequence[_Way], inputs: Mapping[str, Any]) -> dict[str, Done]:
        done: dict[str, Done] = {}
        lost: set[str] = set()
        first: Exception | None = None
        for place, way in enumerate(ways):
            if missing := sorted(lost & set(way.step.needs)):
                lost.add(way.step.name)
                await self._queue.move(way.handoff, "rejected", error=_not_done(missing[0]))
                continue
            try:
                assignment = Assignment(way.step.name, inputs, way.step.options, dict(done))
                done[way.step.name] = await self._take(way, assignment)
            except Exception as error:  # noqa: BLE001 - the boundary of a step: those that do not need it go on
                lost.add(way.step.name)
                first = first or error
            except BaseException:
                for later in ways[place + 1 :]:
                    await self._queue.move(later.handoff, "rejected", error=_not_done(way.step.name))
                raise
        if first is not None:
            raise first
        return done

    async def _take(self, way: _Way, assignment: Assignment) -> Done:
        accepted = await self._queue.move(way.handoff, "accepted")
        running = await self._queue.move(accepted, "in_progress")
        log.debug("agent at work", agent=way.step.agent, step=way.step.name)
        started, given = time.monotonic(), noted({**way.handoff.context, **way.step.options})
        try:
            done = await way.agent.work(assignment)
        except BaseException as error:
            self._note(way.step.agent, way.step.name, started, given, error=noted_error(error))
            await self._queue.move(running, "failed", error=noted_error(error))
            raise
        facts = noted(done.facts)
        self._note(way.step.agent, way.step.name, started, given, output=facts)
        await self._queue.move(running, "completed", result=facts)
        return done

    def _note(self, agent: str, task: str, started: float, given: JsonObject, **outcome: Any) -> None:
        spent = round((time.monotonic() - started) * 1000)
        self._recorder.task(TaskRecord(agent, task, utc_now(), spent, given, **outcome))


def _not_done(step: str) -> str:
    return f"The step {step!r} was not done."
