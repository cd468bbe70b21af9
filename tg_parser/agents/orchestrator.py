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
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.stores.agents import AgentStorage

CARD = AgentCard(
    "orchestrator", "orchestration", "Takes the steps of a plan in order and hands each to its agent.", ("plan",)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _PlannedStep:
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
            planned_steps = [self._plan_step(plan, step, holder) for step in plan.steps if step.name not in skip]
            await self._queue.add(planned.handoff for planned in planned_steps)
            given = {"steps": [planned.step.name for planned in planned_steps]}
            try:
                done = await self._taken(planned_steps, inputs)
            except BaseException as error:
                self._note(CARD.name, plan.name, started, given, error=noted_error(error))
                raise
            self._note(CARD.name, plan.name, started, given, output={"completed": list(done)})
            return done

    def _plan_step(self, plan: Plan, step: Step, holder: str) -> _PlannedStep:
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
        return _PlannedStep(step, self._agents[step.agent], handoff)

    async def _taken(self, planned_steps: Sequence[_PlannedStep], inputs: Mapping[str, Any]) -> dict[str, Done]:
        done: dict[str, Done] = {}
        lost: set[str] = set()
        first: Exception | None = None
        for place, planned in enumerate(planned_steps):
            if missing := sorted(lost & set(planned.step.needs)):
                lost.add(planned.step.name)
                await self._queue.move(planned.handoff, "rejected", error=_not_done(missing[0]))
                continue
            try:
                assignment = Assignment(planned.step.name, inputs, planned.step.options, dict(done))
                done[planned.step.name] = await self._take(planned, assignment)
            except Exception as error:  # noqa: BLE001 - the boundary of a step: those that do not need it go on
                lost.add(planned.step.name)
                first = first or error
            except BaseException:
                for later in planned_steps[place + 1 :]:
                    await self._queue.move(later.handoff, "rejected", error=_not_done(planned.step.name))
                raise
        if first is not None:
            raise first
        return done

    async def _take(self, planned: _PlannedStep, assignment: Assignment) -> Done:
        accepted = await self._queue.move(planned.handoff, "accepted")
        running = await self._queue.move(accepted, "in_progress")
        log.debug("agent at work", agent=planned.step.agent, step=planned.step.name)
        started, given = time.monotonic(), noted({**planned.handoff.context, **planned.step.options})
        try:
            done = await planned.agent.work(assignment)
        except BaseException as error:
            self._note(planned.step.agent, planned.step.name, started, given, error=noted_error(error))
            await self._queue.move(running, "failed", error=noted_error(error))
            raise
        facts = noted(done.facts)
        self._note(planned.step.agent, planned.step.name, started, given, output=facts)
        await self._queue.move(running, "completed", result=facts)
        return done

    def _note(self, agent: str, task: str, started: float, given: JsonObject, **outcome: Any) -> None:
        spent = round((time.monotonic() - started) * 1000)
        self._recorder.task(TaskRecord(agent, task, utc_now(), spent, given, **outcome))


def _not_done(step: str) -> str:
    return f"The step {step!r} was not done."
