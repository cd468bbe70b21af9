"""Agents at work: routed reading and review end in the same documents, ledger and costs as the plain way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from samples import CHANNEL, NOW, message

from tg_parser.agents.handoff_queue import HandoffQueue
from tg_parser.agents.model_review import Finding, ModelReport, ModelReviewer
from tg_parser.config.llm_settings import PromptSettings
from tg_parser.domain.agents import Handoff
from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.errors import AnalysisError, BudgetError, ProviderUnavailableError, TgParserError
from tg_parser.llm.prompts import load_prompts
from tg_parser.llm.question import Answer, Prompt, Question
from tg_parser.nlp.footers import ChannelProfile
from tg_parser.processing.analyzer import Analyzed, Analyzer, Task
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.services.agents import AgentRun, AgentService, AgentStores, AnalyzerSet
from tg_parser.services.documents import DocumentService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.handoffs import HandoffStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicStorage

STORY = (
    "Компания Яндекс открыла в Казани центр разработки. В нём будут работать двести инженеров, которые займутся"
    " беспилотными автомобилями. Первые машины выйдут на дороги города следующей весной, сообщила пресс-служба."
)
LONG_STORY = f"{STORY} Власти республики обещают выделить для испытаний отдельную полосу и построить станции зарядки."
LIE = "Премьер-министр лично похвалил руководителей концерна."
MADE = Provenance(
    pipeline_version="processing:v0", provider="test", model_id="deep-1", input_tokens=100, output_tokens=10,
    cost_usd=0.01,
)  # fmt: skip


class DeepAnalyzer:
    """An Analyzer that answers by the text of a message and what it is reproached with, and keeps what it was asked."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self.answer = answer
        self.asked: list[Task] = []

    def batches(self, tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        return ([task] for task in tasks)

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> list[Any]:
        self.asked += batch
        outcomes = [self.answer(task) for task in batch]
        if isinstance(outcomes[0], Exception) and not batch[0].remarks:
            raise outcomes[0]
        return [
            Analyzed(outcome, MADE, asked=True) if isinstance(outcome, Analysis) else outcome for outcome in outcomes
        ]


class ReviewingModel:
    """An Asker that gives findings, or an error, and counts the questions."""

    def __init__(
        self,
        *findings: Finding,
        error: TgParserError | None = None,
        cost: float | None = 0.002,
    ) -> None:
        self.findings, self.error, self.cost = findings, error, cost
        self.prompts: list[Prompt] = []

    async def ask(self, question: Question[Any]) -> Answer[Any]:
        self.prompts.append(question.prompt)
        if self.error is not None:
            raise self.error
        return Answer(ModelReport(findings=list(self.findings)), "test", "reviewer-1", {}, 50, 5, self.cost)


def faithful(task: Task) -> Analysis:
    return Analysis(text_clean=task.message.text, summary="Яндекс открыл центр разработок.")


def lying(task: Task) -> Analysis:
    return Analysis(text_clean=f"{task.message.text} {LIE}")


def lying_once(task: Task) -> Analysis:
    return faithful(task) if task.remarks else lying(task)


@pytest.fixture
def raw(databases: Databases) -> RawStorage:
    return RawStorage(databases.raw)


@pytest.fixture
def documents(databases: Databases) -> ProcessingStorage:
    return ProcessingStorage(databases.processing)


@pytest.fixture
def handoffs(databases: Databases) -> HandoffStorage:
    return HandoffStorage(databases.processing)


@pytest.fixture
def agents(databases: Databases) -> AgentStorage:
    return AgentStorage(databases.processing)


@pytest.fixture
def service(
    databases: Databases, raw: RawStorage, documents: ProcessingStorage, handoffs: HandoffStorage, agents: AgentStorage
) -> Callable[..., Any]:
    """Agents over a deep analyzer and, where given, a reviewing model."""

    def built(deep: Analyzer, model: ReviewingModel | None = None) -> AgentService:
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)

        def by(analyzer: Analyzer) -> DocumentService:
            return DocumentService(Processor(documents, raw, analyzer, claims), documents, databases.locks)

        reviewer = ModelReviewer(model, load_prompts(PromptSettings(_env_file=None)), 10_000) if model else None
        analyzers = AnalyzerSet(by, LocalAnalyzer(names=False), deep, reviewer, "test", "deep-1")
        stores = AgentStores(agents, handoffs, HandoffQueue(handoffs, databases.locks), timedelta(days=14))
        return AgentService(
            None, analyzers, stores, curator=None, documents=documents, topics=TopicStorage(databases.processing)
        )

    return built


@pytest.fixture
def process(service: Callable[..., Any]) -> Callable[..., Any]:
    """Process the channel by agents."""

    async def run(deep: Analyzer, model: ReviewingModel | None = None, **options: Any) -> AgentRun:
        return await service(deep, model).process([CHANNEL], ProcessOptions(**options))

    return run


async def noted(documents: ProcessingStorage, number: int = 1) -> dict[str, Any]:
    return (await documents.get(message(number).source_ref)).metadata["agents"]


async def test_each_message_goes_its_way(
    raw: RawStorage, documents: ProcessingStorage, agents: AgentStorage, process: Callable[..., Any]
) -> None:
    """Few words are read offline, sentences deeply; the document says so, and so does the history."""
    await raw.store([message(1, STORY), message(2, "Доброе утро!"), message(3, "🔥")], NOW)
    deep = DeepAnalyzer(faithful)
    ran = await process(deep)
    assert (ran.report.processed.processed, [task.message.id for task in deep.asked]) == (3, ["1"])
    assert ran.steps["process"]["routed"] == {
        "simple": 2, "deep": 1, "reasons": {"few words": 1, "no words": 1, "whole sentences": 1},
    }  # fmt: skip
    assert await noted(documents) == {
        "route": "deep", "reasons": ["whole sentences"], "review": "accepted", "reviewed_by": ["guards"],
    }  # fmt: skip
    assert await noted(documents, 2) == {"route": "simple", "reasons": ["few words"]}
    assert (await documents.get(message(2).source_ref)).metadata["provider"] == "local"
    (task,) = (await agents.history("deep-reader", 10))[0]
    assert (task.source_ref, task.input["reasons"], task.output["summary"]) == (
        message(1).source_ref, ["whole sentences"], "Яндекс открыл центр разработок.",
    )  # fmt: skip
    counted = {state.card.name: state.tasks for state in await agents.agents()}
    assert {name: counted[name] for name in ("simple-reader", "deep-reader", "reviewer", "router")} == {
        "simple-reader": 2, "deep-reader": 1, "reviewer": 1, "router": 1,
    }  # fmt: skip


async def test_invented_sentence_is_sent_back_and_corrected(
    raw: RawStorage, documents: ProcessingStorage, handoffs: HandoffStorage, process: Callable[..., Any]
) -> None:
    """The second answer counts, with what both cost; the reader was told what is wrong, and the handoff is kept."""
    await raw.store([message(1, STORY)], NOW)
    deep = DeepAnalyzer(lying_once)
    ran = await process(deep)
    assert ran.steps["process"]["review"] == {"corrected": 1, "sent_back": 1}
    made = await documents.get(message(1).source_ref)
    assert made.text_clean == STORY
    assert (made.metadata["cost_usd"], made.metadata["input_tokens"]) == (0.02, 200)
    remark = f"The message does not say this; leave it out: «{LIE}»"
    assert [task.remarks for task in deep.asked] == [(), (remark,)]
    (back,) = (await handoffs.latest(10, agent="reviewer"))[0]
    assert (back.target_agent, back.status, back.payload["remarks"]) == ("deep-reader", "completed", [remark])


async def test_answer_that_lies_twice_is_a_failure(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """No document of what nobody wrote: the message goes to the ledger, and leaves it when it is read well."""
    await raw.store([message(1, STORY)], NOW)
    ran = await process(DeepAnalyzer(lying))
    assert (ran.report.processed.failed, ran.steps["process"]["review"]) == (1, {"refused": 1, "sent_back": 1})
    (failure,) = (await documents.failures([CHANNEL]))[0]
    assert failure.error_class == "AnalysisError"
    assert failure.error_message.startswith("The reviewer refused two answers: The message does not say this")
    assert (await process(DeepAnalyzer(faithful), retry_failed=True)).report.processed.processed == 1
    assert (await documents.failures([CHANNEL]))[0] == []


async def test_model_reviews_what_words_cannot_tell(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """A doubt that words do not prove sends back once; where it stays, the document does too, with a copied summary."""
    await raw.store([message(1, LONG_STORY)], NOW)
    model = ReviewingModel(Finding(kind="misread", quote="Яндекс открыл центр разработок."))
    ran = await process(DeepAnalyzer(faithful), model)
    assert ran.steps["process"]["review"] == {"by_model": 1, "disputed": 1, "sent_back": 1}
    told = await noted(documents)
    assert (told["review"], told["reviewed_by"]) == ("disputed", ["guards", "model"])
    assert told["remarks"] == ["The message says something else; read it again: «Яндекс открыл центр разработок.»"]
    made = await documents.get(message(1).source_ref)
    assert made.summary == "Первые машины выйдут на дороги города следующей весной, сообщила пресс-служба."
    metadata = made.metadata
    assert (metadata["cost_usd"], metadata["input_tokens"], metadata["output_tokens"]) == (0.022, 250, 25)
    assert STORY in model.prompts[0].user
    assert STORY not in model.prompts[0].system


async def test_what_is_copied_needs_no_reviewing_model(raw: RawStorage, process: Callable[..., Any]) -> None:
    """Nothing can be invented in words that all stand in the message, so nothing is paid to find that out."""
    await raw.store([message(1, STORY)], NOW)
    model = ReviewingModel()
    await process(DeepAnalyzer(lambda task: Analysis(text_clean=task.message.text)), model)
    assert model.prompts == []


@pytest.mark.parametrize(
    "error", [AnalysisError("no"), BudgetError("The cap is reached."), ProviderUnavailableError("no")]
)
async def test_paid_answer_is_kept_when_its_review_fails(
    raw: RawStorage,
    documents: ProcessingStorage,
    process: Callable[..., Any],
    error: TgParserError,
) -> None:
    """Whatever the reviewing model meets, the answer that was paid for becomes the document."""
    await raw.store([message(1, STORY)], NOW)
    ran = await process(DeepAnalyzer(faithful), ReviewingModel(error=error))
    assert ran.steps["process"]["review"] == {"accepted": 1, "unreviewed": 1}
    assert (await noted(documents))["reviewed_by"] == ["guards", f"no model: {type(error).__name__}"]


async def test_cap_reached_while_reading_again_leaves_the_message_waiting(
    raw: RawStorage,
    documents: ProcessingStorage,
    process: Callable[..., Any],
    service: Callable[..., Any],
    handoffs: HandoffStorage,
) -> None:
    """The run ends with that one error, nothing is in the ledger, and the next run reads the message."""
    await raw.store([message(1, STORY)], NOW)
    capped = DeepAnalyzer(lambda task: BudgetError("The cap is reached.") if task.remarks else lying(task))
    with pytest.raises(BudgetError, match="The cap is reached"):
        await process(capped)
    assert ((await documents.failures([CHANNEL]))[0], await documents.count_waiting(CHANNEL)) == ([], 1)
    states = {each.task_type: (each.status, each.error) for each in (await handoffs.latest(10))[0]}
    assert states["process"] == ("failed", "BudgetError: The cap is reached.")
    assert states["quality"] == ("rejected", "The step 'process' was not done.")
    assert (await process(DeepAnalyzer(faithful))).report.processed.processed == 1


async def test_message_that_cannot_be_read_is_in_ledger_and_history(
    raw: RawStorage, documents: ProcessingStorage, agents: AgentStorage, process: Callable[..., Any]
) -> None:
    """With the same reason, and the others of the page are read."""
    await raw.store([message(1, STORY), message(2, f"{STORY} {STORY}")], NOW)
    deep = DeepAnalyzer(lambda task: AnalysisError("too hard") if task.message.id == "1" else faithful(task))
    assert (await process(deep)).report.processed.processed == 1
    (failure,) = (await documents.failures([CHANNEL]))[0]
    (task,) = (await agents.history("deep-reader", 9, failed_only=True))[0]
    assert (task.source_ref, task.error, failure.error_message) == (
        message(1).source_ref, "AnalysisError: too hard", "too hard",
    )  # fmt: skip
    assert (await agents.agent("deep-reader")).errors == 1


async def test_unknown_price_of_one_call_makes_the_sum_unknown(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any]
) -> None:
    """Unknown is null, never 0."""
    await raw.store([message(1, STORY)], NOW)
    await process(DeepAnalyzer(faithful), ReviewingModel(cost=None))
    metadata = (await documents.get(message(1).source_ref)).metadata
    assert (metadata["cost_usd"], metadata["input_tokens"]) == (None, 150)


async def test_same_documents_as_the_plain_way(
    raw: RawStorage, documents: ProcessingStorage, process: Callable[..., Any], databases: Databases
) -> None:
    """Offline, agents make the documents that processing makes, but for the notes on who read and reviewed them."""
    texts = [
        STORY,
        "Доброе утро!",
        "🔥",
        f"{STORY} Подписывайтесь: t.me/news",
        "Реклама. ООО «Ромашка», erid: 2VtzqwP8fGh",
    ]
    await raw.store([message(number, text) for number, text in enumerate(texts, 1)], NOW)
    local = LocalAnalyzer(names=False)
    claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
    await Processor(documents, raw, local, claims).run(CHANNEL, ProcessOptions())
    plain = [await documents.get(message(number).source_ref) for number in range(1, 6)]
    await process(local, force=True)
    for before in plain:
        after = await documents.get(before.source_ref)
        assert after.metadata.pop("agents")
        assert after.model_copy(update={"processed_at": before.processed_at}) == before


async def test_history_is_written_in_batches(
    raw: RawStorage, agents: AgentStorage, process: Callable[..., Any], databases: Databases
) -> None:
    """Hundreds of tasks cost a handful of transactions."""
    await raw.store([message(number, STORY) for number in range(1, 301)], NOW)
    before = databases.processing.pool.writes
    await process(DeepAnalyzer(faithful), page_size=500)
    written = databases.processing.pool.writes - before
    assert sum(state.tasks for state in await agents.agents()) == 300 + 300 + 1 + 3
    assert written < 40


async def test_handoffs_of_a_killed_process_fail_with_the_reason(
    raw: RawStorage, handoffs: HandoffStorage, process: Callable[..., Any], databases: Databases
) -> None:
    """At the next run; those of a process that lives are left alone."""
    open_one = Handoff("h1", "orchestrator", "processor", "process", NOW, status="in_progress")
    held = [replace(open_one, id=f"h{holder}", context={"holder": str(holder)}) for holder in (1, 2, 3)]
    await handoffs.add([replace(open_one, id="h0"), *held])
    async with databases.locks.exclusive("agents:2"):
        await process(DeepAnalyzer(faithful))
    states = {each.id: (each.status, each.error) for each in (await handoffs.latest(10))[0] if each.id.startswith("h")}
    reason = "The process that held it ended before it was done; the next run took up what was left."
    assert states == {
        "h0": ("failed", reason), "h1": ("failed", reason), "h2": ("in_progress", None), "h3": ("failed", reason),
    }  # fmt: skip
