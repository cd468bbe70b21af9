"""Messages are prepared, and answers judged, in worker processes as in this one; no answer is lost with a worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from sample_data import sample
from samples import message
from worker_samples import own_pid

from tg_parser.llm.question import AnswerRejectedError
from tg_parser.llm.slots import SLOTS, CallSlots
from tg_parser.nlp.footers import build_profile
from tg_parser.processing.analyzer import Task
from tg_parser.processing.answer_tools import Answered, AnswerTools, Received, judged, prepared
from tg_parser.processing.reading import Reading
from tg_parser.processing.worker_pool import WorkerPool

TEXTS = [post["text"] for post in json.loads(sample("channel_posts_ru", "habr.json").read_text("utf-8"))[:64]]
INVENTED = "Совсем другие слова, которых в сообщении никто никогда не писал и не напишет впредь"


class CountingPool(WorkerPool):
    """Counts what it is given to do in workers."""

    items = 0

    async def run_each(self, function: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        self.items += len(items)
        return await super().run_each(function, items)


@pytest.fixture
async def pool() -> AsyncIterator[CountingPool]:
    """Two workers, in a run of as many calls at a time as are worth them."""
    workers = CountingPool(2, messages_per_worker=1)
    workers.expect(2)
    token = SLOTS.set(CallSlots(64))
    yield workers
    SLOTS.reset(token)
    await workers.close()


@pytest.fixture
async def tools(pool: CountingPool) -> AnswerTools:
    """Tools whose workers have started, or have they: until then all is done in this process."""
    made = AnswerTools(pool)
    while not pool.items:
        await asyncio.gather(*map(made.prepared, received()))
    return made


def received() -> list[Received]:
    profile = build_profile(TEXTS)
    return [Received(Task(message(number, text)), profile, 900) for number, text in enumerate(TEXTS, 1)]


def answered(brief: Any, text: str) -> Answered:
    tone = {"label": "neutral", "score": 0.5}
    said = Reading(
        text_clean=text, summary=None, topics=["наука"], entities=[], language="ru", sentiment=tone, is_noise=False
    )
    return Answered(said, brief, "You describe messages.", 0.8)


def every_other_invented(briefs: Sequence[Any]) -> list[Answered]:
    texts = (brief.source.text if place % 2 else INVENTED for place, brief in enumerate(briefs))
    return [answered(*pair) for pair in zip(briefs, texts, strict=True)]


def outcome(work: Callable[..., Any], item: Answered) -> Any:
    try:
        return work(item)
    except AnswerRejectedError as error:
        return str(error)


async def outcomes(tools: AnswerTools, items: list[Answered]) -> list[Any]:
    found = await asyncio.gather(*map(tools.judged, items), return_exceptions=True)
    return [str(each) if isinstance(each, AnswerRejectedError) else each for each in found]


async def test_workers_prepare_and_judge_as_this_process_does(pool: CountingPool, tools: AnswerTools) -> None:
    """64 posts give the same briefs and analyses; the 32 invented answers are refused with the same words."""
    before = pool.items
    briefs = await asyncio.gather(*map(tools.prepared, received()))
    here = [prepared(each) for each in received()]
    assert [(b.source.text, b.source.language, b.rest, b.links) for b in briefs] == [
        (b.source.text, b.source.language, b.rest, b.links) for b in here
    ]
    items = every_other_invented(briefs)
    while pool.items < before + 100:
        found = await outcomes(tools, items)
    assert found == [outcome(judged, item) for item in items]
    assert sum(isinstance(each, str) for each in found) == 32


async def test_answers_outlive_the_workers_that_judge_them(pool: CountingPool, tools: AnswerTools) -> None:
    """While 640 answers are judged, workers are killed three times: each answer has its analysis all the same."""
    briefs = [prepared(each) for each in received()]
    items = [answered(brief, brief.source.text) for brief in briefs]
    expected = [judged(item) for item in items] * 10
    judging = asyncio.gather(*map(tools.judged, items * 10))
    for _ in range(3):
        os.kill(await WorkerPool.run(pool, own_pid), signal.SIGKILL)
    assert await judging == expected


async def test_a_few_calls_need_no_workers(pool: CountingPool) -> None:
    """With ten calls at a time nothing is sent to workers, and none starts."""
    SLOTS.set(CallSlots(10))
    tools = AnswerTools(pool)
    briefs = await asyncio.gather(*map(tools.prepared, received()))
    assert (len(briefs), pool.items) == (64, 0)
