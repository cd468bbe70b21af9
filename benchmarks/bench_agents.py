"""What agents add on the bundled sample: what routing saves, the lies that review finds, and what it all takes.

No model is asked: a stand-in answers at once, with the message itself and a summary in its own words. Tokens are
counted by length (llm/spending/token_counts.py), dollars are those of the model named in the table.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic_ai.usage import RequestUsage
from stored_channel import BEGIN, CHANNEL, stored_channel

from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.history import Recorder
from tg_parser.agents.model_review import Finding, ModelReport, ModelReviewer
from tg_parser.agents.review import Reviewer
from tg_parser.agents.routed_analyzer import RoutedAnalyzer
from tg_parser.agents.routing import route
from tg_parser.config.llm_settings import LlmMoneySettings, LlmSettings, PromptSettings
from tg_parser.domain.errors import AnalysisError
from tg_parser.domain.messages import RawMessage
from tg_parser.llm.choice import DEFAULT_MODELS
from tg_parser.llm.prompts import Prompts, load_prompts
from tg_parser.llm.question import Answer, AnswerRejectedError, Question
from tg_parser.llm.spending.prices import tariff
from tg_parser.llm.spending.token_counts import size_of
from tg_parser.nlp.footers import ChannelProfile, build_profile
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.sentences import sentences
from tg_parser.processing.analyzer import Analyzed, Analyzer, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.llm_analyzer import LlmAnalyzer
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.sample import SAMPLE_EXPORT
from tg_parser.services.agents import AgentService, AgentStores, AnalyzerSet
from tg_parser.services.documents import DocumentService
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.handoffs import HandoffStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicStorage

PROVIDER = "openai"
MODEL = DEFAULT_MODELS[PROVIDER]
PROMPTS: Prompts = load_prompts(PromptSettings(_env_file=None))
SETTINGS = LlmSettings(_env_file=None)
TARIFF = tariff(PROVIDER, MODEL, None, LlmMoneySettings(_env_file=None))
MESSAGES = 2000

LIES = {
    "ru": {
        "sentence": "Премьер-министр лично похвалил руководителей концерна.",
        "name": "об этом рассказал Сидоренко",
        "figure": "всего таких случаев 98765",
        "other": "Повара готовили свежую рыбу целый вечер накануне большого праздника.",
        "turned": "Опровергнуто:",
    },
    "en": {
        "sentence": "The prime minister personally praised the managers of that cement factory.",
        "name": "this was told by Kowalski",
        "figure": "there were 98765 such cases",
        "other": "Cooks grilled fresh fish all evening before an enormous village festival.",
        "turned": "Denied:",
    },
}


@dataclass
class StandIn:
    """An Asker that describes messages, with a lie of a kind where told to, and knows what it was asked."""

    lie: str | None = None
    names_lies: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    nano: int = 0
    task: Task | None = None

    async def ask(self, question: Question[Any]) -> Answer[Any]:
        made = self._verdict() if question.schema is ModelReport else self._reading()
        self.calls[question.prompt.name] += 1
        sent = round(size_of(question.prompt.system + question.prompt.user).tokens)
        got = round(size_of(json.dumps(made, ensure_ascii=False)).tokens)
        self.tokens += sent + got
        self.nano += TARIFF.price(RequestUsage(input_tokens=sent, output_tokens=got)) or 0
        output = question.schema.model_validate(made)
        if question.check is not None:
            try:
                question.check(output)
            except AnswerRejectedError as fault:
                # A stand-in gives the same answer as often as it is asked.
                raise AnalysisError(str(fault)) from fault
        return Answer(output, PROVIDER, MODEL, {}, sent, got, 0.0)

    def _reading(self) -> dict[str, Any]:
        text = self._text
        summary = None if self.lie is None and len(text) < 280 else own_words(text)
        clean = f"{text}\n{self.told}" if self.lie == "sentence" else text
        if self.lie in {"name", "figure"}:
            summary = f"{own_words(text).rstrip('.')}, {self.told}."
        elif self.lie == "other":
            summary = self.told
        elif self.lie == "turned":
            summary = f"{self.told} {own_words(text)}"
        sentiment = {"label": "neutral", "score": 0.9}
        named: dict[str, Any] = {"topics": [], "entities": [], "language": None, "is_noise": False}
        return {"text_clean": clean, "summary": summary, "sentiment": sentiment, **named}

    def _verdict(self) -> dict[str, Any]:
        if not (self.names_lies and self.lie):
            return {"findings": []}
        quote = self.told.split()[-1] if self.lie in {"name", "figure"} else self.told
        return ModelReport(
            findings=[Finding(kind="misread" if self.lie == "turned" else "invented", quote=quote)]
        ).model_dump()

    @property
    def _text(self) -> str:
        assert self.task is not None
        return self.task.message.text

    @property
    def told(self) -> str:
        return LIES["ru" if detect_language(self._text) in {"ru", "uk", "be"} else "en"][self.lie or "sentence"]


def own_words(text: str) -> str:
    """The longest sentence of a text with two of its words changed about: nothing new, and yet no copy."""
    said = max(sentences(text, detect_language(text)), key=len).split()[:30]
    said[:2] = reversed(said[:2])
    return " ".join(said)


def sample() -> Iterator[RawMessage]:
    """The messages of the bundled sample that have a text."""
    number = 0
    for chat in json.loads(SAMPLE_EXPORT.read_text("utf-8"))["chats"]["list"]:
        for one in chat["messages"]:
            parts = one.get("text") or ""
            text = parts if isinstance(parts, str) else "".join(p if isinstance(p, str) else p["text"] for p in parts)
            if text.strip():
                number += 1
                yield message(number, text)


def message(number: int, text: str) -> RawMessage:
    return RawMessage(
        id=str(number),
        message_type="post",
        source_ref=f"tg:{CHANNEL}:post:{number}",
        channel_id=CHANNEL,
        date=BEGIN + timedelta(minutes=number),
        text=text,
        thread_id=str(number),
    )


class Nowhere(Recorder):
    """Notes that nobody keeps."""

    def __init__(self) -> None:
        super().__init__(None, None, timedelta(days=1))


async def read(analyzer: Analyzer, model: StandIn, tasks: Sequence[Task], profile: ChannelProfile) -> list[Any]:
    """What an analyzer makes of messages, one at a time: the stand-in has to know which one it is asked about."""
    outcomes: list[Any] = []
    for task in tasks:
        model.task = task
        try:
            outcomes += await analyzer.analyze([task], profile)
        except AnalysisError as error:
            outcomes.append(error)
    return outcomes


def routed(model: StandIn, *, review: bool) -> tuple[RoutedAnalyzer, Reviewer]:
    recorder = Nowhere()
    deep = LlmAnalyzer(model, PROMPTS, SETTINGS, LocalAnalyzer(names=False))
    reviewer = Reviewer(recorder, ModelReviewer(model, PROMPTS, 24_000) if review else None)
    return RoutedAnalyzer(LocalAnalyzer(names=False), deep, reviewer, recorder), reviewer


async def measure_savings(tasks: Sequence[Task], profile: ChannelProfile) -> None:
    ways = [route(task) for task in tasks]
    share = Counter(way.depth for way in ways)
    simply = f"{share['simple']} simple ({share['simple'] / len(tasks):.0%})"
    print(f"routing: {len(tasks)} messages, {simply}, {share['deep']} deep")
    for reason, count in Counter(way.reasons[0] for way in ways).most_common():
        print(f"    {reason:<18}{count:>5}")
    print(f"\n{PROVIDER}:{MODEL:<22}{'calls':>7}{'tokens':>10}{'dollars':>10}{'saved':>8}")
    whole = None
    ways_to_read: list[tuple[str, Callable[[StandIn], Analyzer]]] = [
        ("everything deep", lambda model: LlmAnalyzer(model, PROMPTS, SETTINGS, LocalAnalyzer(names=False))),
        ("agents, guards", lambda model: routed(model, review=False)[0]),
        ("agents, model review", lambda model: routed(model, review=True)[0]),
    ]
    for name, make in ways_to_read:
        model = StandIn()
        await read(make(model), model, tasks, profile)
        cost = model.nano / 1e9
        whole = whole or cost
        print(f"{name:<30}{model.calls.total():>6}{model.tokens:>10,}{cost:>10.4f}{1 - cost / whole:>8.0%}")


async def measure_lies(tasks: Sequence[Task], profile: ChannelProfile) -> None:
    deep = [task for task in tasks if route(task).depth == "deep"]
    print(f"\nlies in {len(deep)} deep answers of a model that insists on them: share that a document repeats")
    print(f"{'kind':<12}{'guards alone':>14}{'review by words':>17}{'and by a model':>16}")
    for kind in LIES["ru"]:
        shares = []
        model = StandIn(lie=kind)
        plain = LlmAnalyzer(model, PROMPTS, SETTINGS, LocalAnalyzer(names=False))
        shares.append(await repeated(plain, model, deep, profile))
        for review in (False, True):
            model = StandIn(lie=kind, names_lies=review)
            shares.append(await repeated(routed(model, review=review)[0], model, deep, profile))
        print(f"{kind:<12}{shares[0]:>14.0%}{shares[1]:>17.0%}{shares[2]:>16.0%}")
    honest = StandIn()
    analyzer, reviewer = routed(honest, review=True)
    await read(analyzer, honest, deep, profile)
    print(f"honest answers: {dict(reviewer.counts)}")


async def repeated(analyzer: Analyzer, model: StandIn, tasks: Sequence[Task], profile: ChannelProfile) -> float:
    """The share of messages whose analysis holds the lie of `model`."""
    outcomes = await read(analyzer, model, tasks, profile)
    found = 0
    for task, outcome in zip(tasks, outcomes, strict=True):
        model.task = task
        if isinstance(outcome, Analyzed):
            found += model.told in f"{outcome.analysis.text_clean} {outcome.analysis.summary}"
    return found / len(tasks)


class AtOnce(LocalAnalyzer):
    """An Analyzer whose answers are there before they are asked for."""

    def __init__(self, made: Analyzed) -> None:
        super().__init__(names=False)
        self._made = made

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[Analyzed]:  # noqa: ARG002
        return [self._made for _ in batch]


async def measure_overhead(task: Task, profile: ChannelProfile) -> None:
    (made,) = await LocalAnalyzer(names=False).analyze([task], profile)
    analyzer, messages = AtOnce(made), [message(number, task.message.text) for number in range(1, MESSAGES + 1)]
    print(f"\n{'CPU a message, SQLite':<24}{'ms':>8}")
    for way in ("plain", "agents"):
        async with stored_channel(0) as databases:
            documents, raw = ProcessingStorage(databases.processing), RawStorage(databases.raw)
            await raw.store(messages, BEGIN)
            claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)

            def service(chosen: Analyzer) -> DocumentService:
                processor = Processor(documents, raw, chosen, claims)  # noqa: B023 - its round
                return DocumentService(processor, documents, databases.locks)  # noqa: B023 - its round

            handoffs = HandoffStorage(databases.processing)
            queue = HandoffQueue(handoffs, databases.locks)
            stores = AgentStores(AgentStorage(databases.processing), handoffs, queue, timedelta(days=14))
            parts = {"curator": None, "documents": documents, "topics": TopicStorage(databases.processing)}
            agents = AgentService(None, AnalyzerSet(service, analyzer, analyzer), stores, **parts)
            started = time.process_time()
            runner = service(analyzer) if way == "plain" else agents
            await runner.process([CHANNEL], ProcessOptions())
            print(f"{way:<24}{(time.process_time() - started) * 1000 / MESSAGES:>8.3f}")


async def main() -> None:
    messages = list(sample())
    profile = build_profile([each.text for each in messages])
    tasks = [Task(each) for each in messages]
    await measure_savings(tasks, profile)
    await measure_lies(tasks, profile)
    await measure_overhead(max(tasks, key=lambda task: min(len(task.message.text), 800)), profile)


if __name__ == "__main__":
    asyncio.run(main())
