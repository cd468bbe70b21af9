"""Calls of a run take slots: never more at once than asked for, and none that begins when the run ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from model_readings import reading
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from samples import CHANNEL, NOW, message

from tg_parser.config.llm_settings import LlmSettings, PromptSettings
from tg_parser.domain.errors import ProviderError
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.concurrency_limited import ConcurrencyLimited
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.slots import CallSlots, RunEndsError
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

MESSAGES = 30


class Provider:
    """Answers every call after `turns` of the event loop; counts how many are under way. The `last` one fails."""

    def __init__(self, turns: int = 5, last: int | None = None, error: ProviderError | None = None) -> None:
        self.turns, self.last, self.error = turns, last, error
        self.begun = self.ended = self.most = 0
        self.at_last = asyncio.Event()
        self.held = asyncio.Event()

    async def __call__(self, messages: list[Any], _info: AgentInfo) -> ModelResponse:
        self.begun += 1
        self.most = max(self.most, self.begun - self.ended)
        if self.begun == self.last:
            self.at_last.set()
            if self.error is not None:
                raise self.error
        if self.last is not None and self.begun >= self.last - 2:
            await self.held.wait()
        for _ in range(self.turns):
            await asyncio.sleep(0)
        self.ended += 1
        text = messages[0].parts[-1].content.split("\n")[1]
        return ModelResponse(parts=[TextPart(json.dumps(reading(text)))])


@pytest.fixture
async def process(databases: Databases) -> Callable[..., Any]:
    """Run the processor over thirty messages with a model behind slots."""
    raw = RawStorage(databases.raw)
    await raw.store([message(number, f"Новость номер {number}") for number in range(100, 100 + MESSAGES)], NOW)

    async def run(provider: Provider, **options: Any) -> ProcessReport:
        llm = Llm(ConcurrencyLimited(FunctionModel(provider, model_name="m")), 1)
        prompts = load_prompts(PromptSettings(_env_file=None))
        analyzer = LlmAnalyzer(llm, prompts, LlmSettings(_env_file=None), LocalAnalyzer(names=False))
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
        processor = Processor(ProcessingStorage(databases.processing), raw, analyzer, claims)
        return await processor.run(CHANNEL, ProcessOptions(**options))

    return run


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


async def test_calls_are_bounded_while_others_are_prepared(process: Callable[..., Any]) -> None:
    """With as many messages ahead, the calls at once are as many as asked for, not more."""
    provider = Provider()
    assert await process(provider, concurrency=3, ahead=3) == ProcessReport(waiting=MESSAGES, processed=MESSAGES)
    assert (provider.most, provider.begun) == (3, MESSAGES)


async def test_no_call_begins_when_the_run_is_stopped(
    process: Callable[..., Any], documents: ProcessingStorage
) -> None:
    """Ctrl-C: calls under way end and are kept, messages that waited for a slot stay waiting."""
    provider = Provider(last=10)
    running = asyncio.create_task(process(provider, concurrency=3, ahead=3))
    await provider.at_last.wait()
    running.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    provider.held.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert provider.begun == provider.ended == 10
    assert (await documents.counts(CHANNEL)).documents == 10
    assert await documents.count_waiting(CHANNEL) == MESSAGES - 10


async def test_no_call_begins_after_a_final_error(process: Callable[..., Any], documents: ProcessingStorage) -> None:
    """The error that ends the run is told, not that waiting messages were not asked about."""
    provider = Provider(last=10, error=ProviderError("The key is wrong."))
    provider.held.set()
    with pytest.raises(ProviderError, match="The key is wrong"):
        await process(provider, concurrency=1, ahead=3)
    assert provider.begun == 10
    assert (await documents.counts(CHANNEL)).documents == 9
    assert await documents.failures([CHANNEL]) == ([], None)


async def test_closed_slots_let_nobody_in() -> None:
    """Neither who waits nor who comes later; who is inside is left alone."""
    slots, inside, go = CallSlots(1), asyncio.Event(), asyncio.Event()

    async def hold() -> str:
        async with slots.one():
            inside.set()
            await go.wait()
        return "done"

    async def enter() -> Any:
        async with slots.one():
            return "entered"

    holding = asyncio.create_task(hold())
    await inside.wait()
    waiting = asyncio.create_task(enter())
    await asyncio.sleep(0)
    slots.close()
    go.set()
    assert await holding == "done"
    with pytest.raises(RunEndsError):
        await waiting
    with pytest.raises(RunEndsError):
        await enter()
