"""The measurements of `bench_llm_throughput.py`."""

from __future__ import annotations

import asyncio
import random
import re
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson
from bench_storage import database, message, postgres_settings, sqlite_settings
from pydantic_ai.exceptions import ModelHTTPError, ModelRateLimitError, ModelServerError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from tg_parser.config.settings import Settings
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.llm.asking import Llm
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.cached import Cached
from tg_parser.llm.models.concurrency_limited import ConcurrencyLimited
from tg_parser.llm.models.endpoint import Endpoint
from tg_parser.llm.models.prepared_once import PreparedOnce
from tg_parser.llm.models.priced import Priced
from tg_parser.llm.models.rate_limited import Limited, RateLimiter
from tg_parser.llm.models.retrying import Retrying
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.spending.budget import Caps
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.spending.prices import tariff
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor, ProcessReport
from tg_parser.processing.worker_pool import WorkerPool, all_cores
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.raw import RawStorage

SECONDS = 0.1
CHANNEL = "-1001234567890"
CHOICE = ModelChoice("openai", "gpt-4o-mini")
MESSAGE = re.compile(r"<<<MESSAGE \w+\n(.*?)\nMESSAGE \w+>>>", re.DOTALL)
BATCH = 2000
MOST_ROUNDS = 2000
"""Calls one after another; at one at a time 2,000 messages take more than three minutes."""
Answering = Callable[[], Awaitable[None]]


async def ideal() -> None:
    """Every call is answered after 100 ms."""
    await asyncio.sleep(SECONDS)


class Failing:
    """A fifth of the calls end with status 500, the same ones in every run."""

    def __init__(self) -> None:
        self._chance = random.Random(5)

    async def __call__(self) -> None:
        await asyncio.sleep(SECONDS)
        if self._chance.random() < 0.2:
            raise ModelHTTPError.for_category(ModelServerError, status_code=500, model_name="m")


class Storm:
    """So many calls a second and a few at once; the others hear 429 with Retry-After of a second."""

    def __init__(self, allowed: float) -> None:
        self._allowed, self._left, self._at = allowed, allowed / 4, time.monotonic()
        self.refused = 0

    async def __call__(self) -> None:
        now = time.monotonic()
        self._left = min(self._allowed / 4, self._left + (now - self._at) * self._allowed)
        self._at = now
        if self._left < 1:
            self.refused += 1
            await asyncio.sleep(SECONDS / 10)
            raise ModelHTTPError.for_category(
                ModelRateLimitError, status_code=429, model_name="m", headers={"retry-after": "1"}
            )
        self._left -= 1
        await asyncio.sleep(SECONDS)


class OurModel(PreparedOnce, FunctionModel):
    """A function of ours as a run's model, which inherits what the models of providers do."""


def model_of(answering: Answering) -> OurModel:
    """Answers with the message itself, as a faithful model would."""

    async def answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        await answering()
        text = MESSAGE.search(messages[0].parts[-1].content)[1]
        reading = {
            "text_clean": text,
            "summary": None,
            "topics": ["новая версия"],
            "entities": [],
            "language": "ru",
            "sentiment": {"label": "positive", "score": 0.7},
            "is_noise": False,
        }
        usage = RequestUsage(input_tokens=900, output_tokens=300)
        return ModelResponse(parts=[TextPart(orjson.dumps(reading).decode())], usage=usage)

    return OurModel(answer, profile={"default_structured_output_mode": "native", "supports_json_schema_output": True})


@asynccontextmanager
async def processor_of(settings: Settings, databases: Databases, answering: Answering) -> AsyncIterator[Processor]:
    """The processor as a run builds it, over a model of our own."""
    answers, book = AnswerStorage(databases.processing), SpendingStorage(databases.processing)
    async with Ledger(book, Caps(), "bench") as ledger:
        endpoint = Endpoint(model_of(answering), CHOICE, settings.llm)
        price = tariff(CHOICE.provider, CHOICE.model, None, settings.llm_money)
        priced = Priced(endpoint, provider=CHOICE.provider, tariff=price, ledger=ledger)
        limiter = RateLimiter("bench", settings.llm_limits, settings.retry)
        chain = Retrying(Limited(priced, limiter), CHOICE, settings.retry, settings.llm_limits.max_wait)
        cached = Cached(ConcurrencyLimited(chain), identity="bench", answers=answers, ledger=ledger)
        llm = Llm(cached, settings.retry.max_attempts, cached)
        workers = WorkerPool(all_cores())
        local = LocalAnalyzer(names=False, workers=workers)
        analyzer = LlmAnalyzer(llm, load_prompts(settings.prompts), settings.llm, local, workers)
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
        try:
            yield Processor(
                ProcessingStorage(databases.processing), RawStorage(databases.raw), analyzer, claims, workers
            )
        finally:
            await workers.close()


@contextmanager
def settings_on(admin: str | None) -> Iterator[Settings]:
    """Settings of an empty database: on the server of `admin`, else SQLite."""
    if admin is None:
        with tempfile.TemporaryDirectory() as folder:
            yield sqlite_settings(Path(folder))
    else:
        with database(admin) as url:
            yield postgres_settings(url)


async def run(
    settings: Settings,
    messages: int,
    concurrency: int,
    answering: Answering,
    report: ReportProgress = silent,
) -> tuple[float, float, ProcessReport]:
    """Seconds, CPU seconds and the report of processing `messages` new ones."""
    async with open_databases(settings) as databases:
        raw = RawStorage(databases.raw)
        for first in range(1, messages + 1, BATCH):
            batch = [message(number) for number in range(first, min(first + BATCH, messages + 1))]
            await raw.store(batch, batch[0].date)
        async with processor_of(settings, databases, answering) as processor:
            started, cpu = time.perf_counter(), time.process_time()
            made = await processor.run(CHANNEL, ProcessOptions(concurrency=concurrency, ahead=concurrency), report)
        return time.perf_counter() - started, time.process_time() - cpu, made


def measured(
    admin: str | None, messages: int, concurrency: int, answering: Answering
) -> tuple[float, float, ProcessReport]:
    with settings_on(admin) as settings:
        return asyncio.run(run(settings, messages, concurrency, answering))


def throughput(admin: str | None, messages: int, concurrencies: list[int]) -> None:
    print(
        f"{'at once':>8}{'messages':>10}{'seconds':>9}{'ideal':>8}{'ratio':>7}{'CPU ms':>8}   (aim: 0.95; 0.85 at 200)"
    )
    for concurrency in concurrencies:
        count = min(messages, concurrency * MOST_ROUNDS)
        seconds, cpu, made = measured(admin, count, concurrency, ideal)
        assert (made.processed, made.failed) == (count, 0)
        best, share = count * SECONDS / concurrency, cpu / count * 1000
        print(f"{concurrency:>8}{count:>10,}{seconds:>9.2f}{best:>8.2f}{best / seconds:>7.2f}{share:>8.2f}", flush=True)


def failures(admin: str | None, messages: int) -> None:
    _, _, made = measured(admin, messages, 200, Failing())
    lost = messages - made.processed - made.failed
    print(
        f"a fifth of the calls fails: {made.processed:,} documents, {made.failed} in the ledger, {lost} lost",
        flush=True,
    )
    assert lost == 0


def storm(admin: str | None, messages: int, allowed: float) -> None:
    answering = Storm(allowed)
    seconds, _, made = measured(admin, messages, 50, answering)
    print(
        f"a storm of 429, {allowed:.0f} calls a second allowed: {messages / seconds:.0f} a second, ratio "
        f"{messages / seconds / allowed:.2f}, {answering.refused} refused, {messages - made.processed} lost",
        flush=True,
    )


def memory(admin: str | None, waiting: int) -> None:
    """The peak of the process when the first 2,000 are done, and at the end."""
    peaks: list[int] = []

    def note(progress: Progress) -> None:
        if progress.done >= BATCH:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)

    with settings_on(admin) as settings:
        asyncio.run(run(settings, waiting, 200, ideal, note))
    print(f"{waiting:,} waiting: {peaks[0]} MB at most to the {BATCH:,}th, {peaks[-1]} MB to the last", flush=True)
