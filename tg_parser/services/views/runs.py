"""What the steps of the main job did: process, topicize, export, and all of them in one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from tg_parser.domain.agents import JsonObject
from tg_parser.services.views.base import FailedView, HintOf, SparseView, View, failure
from tg_parser.services.views.collecting import IngestedChat
from tg_parser.services.views.spending import RunSpending
from tg_parser.topics.discovery import TopicReport
from tg_parser.topics.llm_session import EditReport

if TYPE_CHECKING:
    from tg_parser.processing.reports import ProcessReport
    from tg_parser.services.run_all import RunAllReport, SourceRun
    from tg_parser.services.runs import RunReport
    from tg_parser.topics.topicizer import TopicizeReport

StepResults = dict[str, JsonObject]


class ProcessSummary(View):
    """What became of the waiting messages: `failed` ones stand in the ledger, `removed` ones were deleted in Telegram.

    Of the processed ones, `noise` have words and belong in no topic; those `without_text` have none.
    """

    waiting: int
    processed: int
    noise: int
    without_text: int
    failed: int
    removed: int


class ProcessResult(SparseView):
    """`process`; `spending` is null offline, `agents` is what each agent says of a run by agents."""

    provider: str
    waiting: int
    processed: int
    noise: int
    without_text: int
    failed: int
    removed: int
    spending: RunSpending | None
    agents: StepResults = Field(default_factory=dict)

    @classmethod
    def of(
        cls, provider: str, done: ProcessReport, spending: RunSpending | None, steps: StepResults | None = None
    ) -> Self:
        """The result of processing with `provider`."""
        return cls(provider=provider, **dict(ProcessSummary.copied_from(done)), spending=spending, **_agents(steps))


class TopicizeSummary(View):
    """The topics of a channel; `unchanged` where no document has changed since the last run and nothing was done.

    `editing` is what a model did, where one was asked.
    """

    found: TopicReport
    unchanged: bool
    titles: tuple[str, ...]
    editing: EditReport | None


class TopicizeResult(TopicizeSummary):
    """`topicize` of sources taken together; `spending` is null offline."""

    spending: RunSpending | None

    @classmethod
    def of(cls, done: TopicizeReport, spending: RunSpending | None) -> Self:
        """The result with what it cost."""
        return cls(**dict(TopicizeSummary.copied_from(done)), spending=spending)


class TopicizedSource(FailedView):
    """What came of one of several sources."""

    source_id: str
    channel_id: str
    topicize: TopicizeSummary | None

    @classmethod
    def of(cls, each: SourceRun, hint_of: HintOf) -> Self:
        """The view of one source."""
        found = None if each.topics is None else TopicizeSummary.copied_from(each.topics)
        return cls(**_named(each), topicize=found, **failure(each.error, hint_of))


class TopicizeAllResult(View):
    """`topicize --all`: each source by itself."""

    sources: tuple[TopicizedSource, ...]
    spending: RunSpending | None

    @classmethod
    def of(cls, sources: Sequence[SourceRun], spending: RunSpending | None, hint_of: HintOf) -> Self:
        """The result with what it cost."""
        return cls(sources=tuple(TopicizedSource.of(each, hint_of) for each in sources), spending=spending)


class ExportResult(View):
    """`export`: what was written; nothing where nothing was found, and files of an earlier export then stay."""

    out: Path
    message_entries: int
    topics: int
    files: tuple[str, ...]


class RunResult(SparseView):
    """`run` and `demo`: what each step did, null where it was left out. `topicize` is by channel."""

    channels: tuple[str, ...]
    ingest: tuple[IngestedChat, ...] | None
    process: ProcessSummary | None
    topicize: dict[str, TopicizeSummary] | None
    export: ExportResult | None
    spending: RunSpending | None = None
    agents: StepResults = Field(default_factory=dict)

    @classmethod
    def of(
        cls, done: RunReport, hint_of: HintOf, steps: StepResults | None = None, **stated: RunSpending | None
    ) -> Self:
        """The result of a run, with what is stated of its spending."""
        found = done.topics
        return cls(
            channels=done.channel_ids,
            ingest=None if done.ingested is None else tuple(IngestedChat.of(each, hint_of) for each in done.ingested),
            process=None if done.processed is None else ProcessSummary.copied_from(done.processed),
            topicize=None if found is None else {key: TopicizeSummary.copied_from(each) for key, each in found.items()},
            export=None if done.exported is None else ExportResult.copied_from(done.exported),
            **_agents(steps),
            **stated,
        )


class RunSource(FailedView):
    """What each step did for one source, null where it was left out; `error` is of the first that failed."""

    source_id: str
    channel_id: str
    ingest: IngestedChat | None
    process: ProcessSummary | None
    topicize: TopicizeSummary | None

    @classmethod
    def of(cls, each: SourceRun, hint_of: HintOf) -> Self:
        """The view of one source."""
        return cls(
            **_named(each),
            ingest=None if each.ingested is None else IngestedChat.of(each.ingested, hint_of),
            process=None if each.processed is None else ProcessSummary.copied_from(each.processed),
            topicize=None if each.topics is None else TopicizeSummary.copied_from(each.topics),
            **failure(each.error, hint_of),
        )


class RunAllResult(View):
    """`run --all`: every source that is not paused, and the files of all together."""

    sources: tuple[RunSource, ...]
    export: ExportResult | None
    spending: RunSpending | None

    @classmethod
    def of(cls, done: RunAllReport, spending: RunSpending | None, hint_of: HintOf) -> Self:
        """The result with what it cost."""
        exported = None if done.exported is None else ExportResult.copied_from(done.exported)
        return cls(
            sources=tuple(RunSource.of(each, hint_of) for each in done.sources), export=exported, spending=spending
        )


def _agents(steps: StepResults | None) -> dict[str, Any]:
    return {"agents": steps} if steps else {}


def _named(each: SourceRun) -> dict[str, str]:
    return {"source_id": each.source.source_id, "channel_id": each.source.channel_id}
