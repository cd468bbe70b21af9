"""The analyzer that asks a language model. Each answer is judged against its message before it counts.

Short messages may share a call; one whose part of the answer is missing or refused is asked about again, alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.errors import AnalysisError, TgParserError
from tg_parser.llm.prompts import Prompts
from tg_parser.llm.question import Answer, AnswerRejectedError, Asker, Prompt, Purpose, Question
from tg_parser.nlp.noise import has_words
from tg_parser.processing.analyzer import PIPELINE_VERSION, AnalysisOutcome, Analyzed, Analyzer, ChannelProfile, Task
from tg_parser.processing.answer_tools import Answered, AnswerTools, Received
from tg_parser.processing.briefing import Brief, shared_values, single_values
from tg_parser.processing.cost_shares import added, cost_share, share
from tg_parser.processing.reading import Reading, Readings
from tg_parser.processing.worker_pool import WorkerPool

STAGE = "processing"
SHORT_CHARS = 500
"""Messages up to this length may share a call."""

_PAID = ("input_tokens", "output_tokens", "cost_usd")


class LlmAnalyzer:
    """An Analyzer over a model; messages without words go to `local` text tools, which cost nothing."""

    def __init__(
        self, llm: Asker, prompts: Prompts, settings: LlmSettings, local: Analyzer, workers: WorkerPool | None = None
    ) -> None:
        self._llm = llm
        self._tools = AnswerTools(workers or WorkerPool())
        self._prompts = prompts
        self._settings = settings
        self._local = local

    def batches(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """Short messages together, up to LLM_BATCH_SIZE; all others alone."""
        if self._settings.batch_size == 1:
            return ([task] for task in tasks)
        return _batches(tasks, self._settings.batch_size)

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[AnalysisOutcome]:
        """See Analyzer. A message without a usable answer gets an AnalysisError."""
        if len(batch) == 1:
            return [await self._one(batch[0], profile)]
        return await self._several(await asyncio.gather(*(self._brief(task, profile) for task in batch)))

    async def _one(self, task: Task, profile: ChannelProfile) -> AnalysisOutcome:
        if not has_words(task.message.text):
            return (await self._local.analyze([task], profile))[0]
        return await self._alone(await self._brief(task, profile))

    async def _brief(self, task: Task, profile: ChannelProfile) -> Brief:
        return await self._tools.prepared(Received(task, profile, self._settings.max_input_chars))

    async def _judged(self, reading: Reading, asked: Brief, prompt: Prompt) -> Analysis:
        return await self._tools.judged(Answered(reading, asked, prompt.system, self._settings.faithfulness))

    async def _alone(self, asked: Brief) -> Analyzed:
        prompt = self._prompts.filled("processing", **single_values(asked))
        passed = list[Analysis]()

        async def check(reading: Reading) -> None:
            passed.append(await self._judged(reading, asked, prompt))

        answer = await self._llm.ask(Question(prompt, Reading, _purpose(asked), check))
        return _Call(prompt, answer).analyzed(passed[-1], asked)

    async def _several(self, asked: Sequence[Brief]) -> list[AnalysisOutcome]:
        """One call for all of `asked`, then one more for each message without a usable answer."""
        prompt = self._prompts.filled("processing_batch", **shared_values(asked))
        try:
            answer = await self._llm.ask(Question(prompt, Readings, _purpose(asked[0])))
        except AnalysisError:
            return await self._each_alone(asked)
        call = _Call(prompt, answer, len(asked))
        outcomes: dict[int, AnalysisOutcome] = {place: made async for place, made in self._served(call, asked)}
        missing = [place for place in range(len(asked)) if place not in outcomes]
        again = await self._each_alone([asked[place] for place in missing])
        outcomes |= {place: _with(call, place, outcome) for place, outcome in zip(missing, again, strict=True)}
        return [outcomes[place] for place in range(len(asked))]

    async def _served(self, call: _Call, asked: Sequence[Brief]) -> AsyncIterator[tuple[int, Analyzed]]:
        """The places of the messages that a shared answer describes exactly once and acceptably."""
        numbers = Counter(reading.number for reading in call.answer.output.messages)
        for reading in call.answer.output.messages:
            place = reading.number - 1
            if numbers[reading.number] > 1 or not 0 <= place < len(asked):
                continue
            with suppress(AnswerRejectedError):
                analysis = await self._judged(reading, asked[place], call.prompt)
                yield place, call.analyzed(analysis, asked[place], place)

    async def _each_alone(self, asked: Sequence[Brief]) -> list[AnalysisOutcome]:
        """One call each, until an error that would hit all messages; the others then get that error too."""
        outcomes: list[AnalysisOutcome] = []
        for one in asked:
            if outcomes and isinstance(outcomes[-1], TgParserError) and not isinstance(outcomes[-1], AnalysisError):
                outcomes.append(outcomes[-1])
                continue
            try:
                outcomes.append(await self._alone(one))
            except TgParserError as error:
                outcomes.append(error)
        return outcomes


def _batches(tasks: Sequence[Task], size: int) -> Iterator[Sequence[Task]]:
    together: list[Task] = []
    for task in tasks:
        if len(task.message.text) > SHORT_CHARS or task.remarks or not has_words(task.message.text):
            yield [task]
            continue
        together.append(task)
        if len(together) == size:
            yield together
            together = []
    if together:
        yield together


def _purpose(asked: Brief) -> Purpose:
    return Purpose(STAGE, asked.task.message.channel_id)


@dataclass(frozen=True, slots=True)
class _Call:
    """An answer that `sharers` messages share."""

    prompt: Prompt
    answer: Answer[Any]
    sharers: int = 1

    def analyzed(self, analysis: Analysis, asked: Brief, place: int = 0) -> Analyzed:
        """`analysis` of the message at `place`, and how it was made."""
        notes = dict(self._notes(asked))
        asked_now = not self.answer.cached
        return Analyzed(analysis, self.provenance(place), notes=notes, asked=asked_now)

    def provenance(self, place: int) -> Provenance:
        """How the document of the message at `place` is made, with its share of tokens and price."""
        return Provenance(
            pipeline_version=PIPELINE_VERSION,
            provider=self.answer.provider,
            model_id=self.answer.model_id,
            prompt_id=self.prompt.id,
            prompt_name=self.prompt.name,
            parameters=self.answer.parameters,
            input_tokens=share(self.answer.input_tokens, place, self.sharers),
            output_tokens=share(self.answer.output_tokens, place, self.sharers),
            cost_usd=cost_share(self.answer.cost_usd, place, self.sharers),
        )

    def _notes(self, asked: Brief) -> Iterator[tuple[str, Any]]:
        """What is unusual about an answer."""
        if asked.rest:
            yield "input_cut", True
            yield "input_chars", len(asked.whole)
            yield "sent_chars", len(asked.source.text)
        if self.sharers > 1:
            yield "shared_by", self.sharers
        if self.answer.cached:
            yield "cached", True


def _with(call: _Call, place: int, outcome: AnalysisOutcome) -> AnalysisOutcome:
    """The outcome of a message with its share of the price of `call`, which gave no usable answer for it."""
    if isinstance(outcome, Exception) or call.answer.cached:
        return outcome
    earlier, made = call.provenance(place), outcome.provenance
    if outcome.asked:
        paid = {name: added(getattr(made, name), getattr(earlier, name)) for name in _PAID}
    else:
        paid = {name: getattr(earlier, name) for name in _PAID}
    return replace(outcome, provenance=made.model_copy(update=paid))
