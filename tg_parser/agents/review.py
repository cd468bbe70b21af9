"""The reviewer: checks a deep answer by its words and, if these do not decide, with a model; sends it back once.

Words decide, a model only proposes: an answer fails only if its own words disprove it twice. What a model still
objects to after the second reading is noted in the document, which stays; if the summary is in doubt, it is replaced
by the message's own sentences.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tg_parser.agents.history import Recorder, noted, noted_error
from tg_parser.agents.model_review import ModelReport, ModelReviewer
from tg_parser.agents.reviewing import Objection, is_verbatim, objections, source_of, still_said, without_doubt
from tg_parser.domain.agents import AgentCard, Handoff, TaskRecord, new_id
from tg_parser.domain.documents import Provenance
from tg_parser.domain.errors import AnalysisError, TgParserError
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.question import Answer
from tg_parser.nlp.source_text import SourceText
from tg_parser.processing.analyzer import AnalysisOutcome, Analyzed, Task
from tg_parser.processing.cost_shares import added

CARD = AgentCard(
    "reviewer", "quality", "Checks deep answers against their messages and sends them back once.", ("guards", "model")
)
READER = "deep-reader"

ReviewVerdict = Literal["accepted", "corrected", "disputed", "refused", "undecided"]
ReadAgain = Callable[[tuple[str, ...]], Awaitable[AnalysisOutcome]]
_PAID = ("input_tokens", "output_tokens", "cost_usd")


@dataclass(slots=True)
class _Case:
    """An answer under review; `by` says who has checked it."""

    task: Task
    source: SourceText
    started: float = field(default_factory=time.perf_counter)
    by: list[str] = field(default_factory=lambda: ["guards"])


class Reviewer:
    """Reviews with guards, and with `model` if there is one. `counts` counts the outcomes."""

    def __init__(self, recorder: Recorder, model: ModelReviewer | None = None) -> None:
        self._recorder = recorder
        self._model = model
        self.counts: Counter[str] = Counter()

    async def finalize(self, task: Task, first: Analyzed, read_again: ReadAgain) -> AnalysisOutcome:
        """The final answer: the first one, the one after sending it back, or an AnalysisError."""
        case = _Case(task, source_of(task, first.analysis.language))
        found: Sequence[Objection] = objections(case.source, task.message.text, first.analysis)
        if not found:
            found, first = await self._by_model(case, first)
        if not found:
            return self._finalized(case, "accepted", (), first)
        second = await self._sent_back(task, found, read_again)
        if isinstance(second, Exception):
            if any(each.proven for each in found):
                # If no second answer could be had, it was not refused twice; then the message stays waiting.
                verdict: ReviewVerdict = "refused" if isinstance(second, AnalysisError) else "undecided"
                return self._finalized(case, verdict, found, second)
            return self._disputed(case, found, first)
        second = _paid_too(second, first.provenance, asked=first.asked)
        left = [each for each in found if still_said(each, second.analysis)]
        left += objections(case.source, task.message.text, second.analysis)
        if any(each.proven for each in left):
            return self._finalized(case, "refused", left, _refused(left))
        return self._disputed(case, left, second) if left else self._finalized(case, "corrected", found, second)

    def _disputed(self, case: _Case, left: Sequence[Objection], outcome: Analyzed) -> AnalysisOutcome:
        kept = replace(outcome, analysis=without_doubt(outcome.analysis, left))
        return self._finalized(case, "disputed", left, kept)

    async def _by_model(self, case: _Case, first: Analyzed) -> tuple[Sequence[Objection], Analyzed]:
        """A model's objections, and `first` with the price of asking added."""
        model, source = self._model, case.source
        if model is None or len(source.text) > model.max_chars or is_verbatim(source, first.analysis):
            return (), first
        try:
            review = await model.review(case.task, source, first.analysis)
        except TgParserError as error:
            # The answer under review is paid for and kept; an error that stops the run will meet the next message too.
            self.counts["unreviewed"] += 1
            case.by.append(f"no model: {type(error).__name__}")
            return (), first
        self.counts["by_model"] += 1
        case.by.append("model")
        return review.objections, _paid_too(first, review.answer, asked=not review.answer.cached)

    async def _sent_back(self, task: Task, found: Sequence[Objection], read_again: ReadAgain) -> AnalysisOutcome:
        self.counts["sent_back"] += 1
        now, remarks = utc_now(), tuple(each.remark for each in found)
        payload = noted({"source_ref": task.message.source_ref, "remarks": remarks})
        handoff = Handoff(new_id(now), CARD.name, READER, "revise", now, payload=payload).moved("accepted", now)
        working = handoff.moved("in_progress", now)
        outcome = await read_again(remarks)
        if isinstance(outcome, Exception):
            self._recorder.handoff(working.moved("failed", utc_now(), error=noted_error(outcome)))
        else:
            result = noted({"summary": outcome.analysis.summary, "chars": len(outcome.analysis.text_clean)})
            self._recorder.handoff(working.moved("completed", utc_now(), result=result))
        return outcome

    def _finalized(
        self, case: _Case, verdict: ReviewVerdict, found: Sequence[Objection], outcome: AnalysisOutcome
    ) -> AnalysisOutcome:
        self.counts[verdict] += 1
        message, remarks = case.task.message, [each.remark for each in found]
        self._recorder.task(
            TaskRecord(
                agent_name=CARD.name,
                task_type="review",
                at=utc_now(),
                milliseconds=round((time.perf_counter() - case.started) * 1000),
                input={"by": case.by},
                output=noted({"verdict": verdict, "remarks": remarks}),
                source_ref=message.source_ref,
                channel_id=message.channel_id,
            )
        )
        if isinstance(outcome, Exception):
            return outcome
        note = {"review": verdict, "reviewed_by": case.by, **({"remarks": remarks} if verdict == "disputed" else {})}
        return replace(outcome, notes={**outcome.notes, "agents": note})


def _refused(left: Sequence[Objection]) -> AnalysisError:
    return AnalysisError(
        f"The reviewer refused two answers: {left[0].remark}",
        case="refused_by_reviewer",
    )


def _paid_too(outcome: Analyzed, other: Provenance | Answer[ModelReport], *, asked: bool) -> Analyzed:
    """`outcome` with the cost of another call added; one that was not really `asked` cost nothing."""
    if not asked:
        return outcome
    paid = {name: getattr(other, name) for name in _PAID}
    if outcome.asked:
        paid = {name: added(getattr(outcome.provenance, name), value) for name, value in paid.items()}
    return replace(outcome, provenance=outcome.provenance.model_copy(update=paid), asked=True)
