"""The analyzer of the agents: a router chooses who reads a message, a reviewer checks what was read deeply.

It is an Analyzer like the plain ones, so that its documents are handled the same way: claims, storage, failures, caps,
costs.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tg_parser.agents.history import Recorder, noted, noted_error
from tg_parser.agents.review import Reviewer
from tg_parser.agents.routing import Depth, Route, route
from tg_parser.domain.agents import AgentCard, TaskRecord
from tg_parser.domain.errors import TgParserError
from tg_parser.domain.utc_time import utc_now
from tg_parser.processing.analyzer import AnalysisOutcome, Analyzed, Analyzer, ChannelProfile, Task

ROUTER = AgentCard(
    "router", "routing", "Sends a message to simple or deep reading by its features.", ("route", "reasons")
)
READERS: dict[Depth, AgentCard] = {
    "simple": AgentCard("simple-reader", "processing", "Reads messages with text tools, offline.", ("analyze",)),
    "deep": AgentCard("deep-reader", "processing", "Reads messages with the chosen model.", ("analyze", "revise")),
}

EXCERPT = 160
"""How many characters of a message the history quotes; the full text is among the raw messages."""


@dataclass
class Routed:
    """How many messages went to each reader, and for which reasons."""

    depths: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, ways: Iterable[Route]) -> None:
        """Count `ways`."""
        for way in ways:
            self.depths[way.depth] += 1
            self.reasons.update(way.reasons[:1])

    def facts(self) -> dict[str, object]:
        """The numbers by name."""
        return {
            "simple": self.depths["simple"],
            "deep": self.depths["deep"],
            "reasons": dict(sorted(self.reasons.items())),
        }


class RoutedAnalyzer:
    """An Analyzer over a simple and a deep one, with a reviewer of the deep one's answers."""

    def __init__(self, simple: Analyzer, deep: Analyzer, reviewer: Reviewer, recorder: Recorder) -> None:
        self._readers: dict[Depth, Analyzer] = {"simple": simple, "deep": deep}
        self._reviewer = reviewer
        self._recorder = recorder
        self._ways: dict[str, Route] = {}
        self.routed = Routed()

    def batches(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """Simple and deep messages separately, in batches as their readers prefer."""
        started = time.perf_counter()
        ways = [route(task) for task in tasks]
        page = Routed()
        page.add(ways)
        self.routed.add(ways)
        self._ways.update((task.message.source_ref, way) for task, way in zip(tasks, ways, strict=True))
        given = {"messages": len(tasks)}
        self._recorder.task(TaskRecord(ROUTER.name, "route", utc_now(), _since(started), given, noted(page.facts())))
        for depth, reader in self._readers.items():
            yield from reader.batches([task for task, way in zip(tasks, ways, strict=True) if way.depth == depth])

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[AnalysisOutcome]:
        """See Analyzer. All messages of a batch go the same way."""
        found = [self._way_of(task) for task in batch]
        way, started = found[0], time.perf_counter()
        outcomes = await self._read(way.depth, batch, profile)
        spent = _since(started)
        for own, task, outcome in zip(found, batch, outcomes, strict=True):
            self._note(own, task, outcome, spent)
        if way.depth == "deep":
            outcomes = await asyncio.gather(
                *(self._reviewed(task, outcome, profile) for task, outcome in zip(batch, outcomes, strict=True))
            )
        return [_with_way(own, outcome) for own, outcome in zip(found, outcomes, strict=True)]

    async def _read(self, depth: Depth, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[AnalysisOutcome]:
        """The reader's answers for a batch; an error of the batch becomes one of each message, for the history."""
        try:
            return await self._readers[depth].analyze(batch, profile)
        except TgParserError as error:
            return [error] * len(batch)

    def _way_of(self, task: Task) -> Route:
        """The route that was chosen when the page was divided."""
        ref = task.message.source_ref
        return self._ways.pop(ref) if ref in self._ways else route(task)

    async def _reviewed(self, task: Task, outcome: AnalysisOutcome, profile: ChannelProfile) -> AnalysisOutcome:
        if isinstance(outcome, Exception):
            return outcome

        async def read_again(remarks: tuple[str, ...]) -> AnalysisOutcome:
            started = time.perf_counter()
            again = replace(task, remarks=remarks)
            (revised,) = await self._read("deep", [again], profile)
            self._note(Route("deep", ("sent back",)), again, revised, _since(started), "revise")
            return revised

        return await self._reviewer.finalize(task, outcome, read_again)

    def _note(self, way: Route, task: Task, outcome: AnalysisOutcome, spent: int, kind: str = "analyze") -> None:
        message = task.message
        given = {"route": way.depth, "reasons": way.reasons, "chars": len(message.text), "text": message.text[:EXCERPT]}
        if task.remarks:
            given["remarks"] = task.remarks
        error = noted_error(outcome) if isinstance(outcome, Exception) else None
        self._recorder.task(
            TaskRecord(
                agent_name=READERS[way.depth].name,
                task_type=kind,
                at=utc_now(),
                milliseconds=spent,
                input=noted(given),
                output=None if isinstance(outcome, Exception) else noted(_read(outcome)),
                source_ref=message.source_ref,
                channel_id=message.channel_id,
                error=error,
            )
        )


def _read(outcome: Analyzed) -> dict[str, object]:
    """What the history keeps of an answer."""
    analysis, made = outcome.analysis, outcome.provenance
    return {
        "summary": analysis.summary,
        "topics": analysis.topics,
        "language": analysis.language,
        "is_noise": analysis.is_noise,
        "chars": len(analysis.text_clean),
        "model": f"{made.provider}:{made.model_id}",
        "cost_usd": made.cost_usd,
    }


def _with_way(way: Route, outcome: AnalysisOutcome) -> AnalysisOutcome:
    if isinstance(outcome, Exception):
        return outcome
    agents = {"route": way.depth, "reasons": list(way.reasons), **outcome.notes.get("agents", {})}
    return replace(outcome, notes={**outcome.notes, "agents": agents})


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
