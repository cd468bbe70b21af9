"""Results of the stages: process, topicize, export, and all of them in one run."""

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
    """Results of processing: `failed` messages are in the failure ledger, `removed` ones were deleted in Telegram.

    `noise` counts processed messages with text that belong in no topic, `without_text` those without text.
    """

    waiting: int
    processed: int
    noise: int
    without_text: int
    failed: int
    removed: int


class ProcessResult(SparseView):
    """`process`; `spending` is null offline, `agents` contains the reports of the agents, if used."""

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
        """Return the result of processing with `provider`."""
        return cls(provider=provider, **dict(ProcessSummary.copied_from(done)), spending=spending, **_agents(steps))


class TopicizeSummary(View):
    """The topics of a channel; `unchanged` if no document has changed since the last run, so nothing was done.

    `editing` describes what a model did, if one was used.
    """

    found: TopicReport
    unchanged: bool
    titles: tuple[str, ...]
    editing: EditReport | None


class TopicizeResult(TopicizeSummary):
    """`topicize` of sources treated as one corpus; `spending` is null offline."""

    spending: RunSpending | None

    @classmethod
    def of(cls, done: TopicizeReport, spending: RunSpending | None) -> Self:
        """Return the result with its cost."""
        return cls(**dict(TopicizeSummary.copied_from(done)), spending=spending)


class TopicizedSource(FailedView):
    """Result for one of several sources."""

    source_id: str
    channel_id: str
    topicize: TopicizeSummary | None

    @classmethod
    def of(cls, each: SourceRun, hint_of: HintOf) -> Self:
        """Return the view of one source."""
        found = None if each.topics is None else TopicizeSummary.copied_from(each.topics)
        return cls(**_named(each), topicize=found, **failure(each.error, hint_of))


class TopicizeAllResult(View):
    """`topicize --all`: each source separately."""

    sources: tuple[TopicizedSource, ...]
    spending: RunSpending | None

    @classmethod
    def of(cls, sources: Sequence[SourceRun], spending: RunSpending | None, hint_of: HintOf) -> Self:
        """Return the result with its cost."""
        return cls(sources=tuple(TopicizedSource.of(each, hint_of) for each in sources), spending=spending)


class ExportResult(View):
    """`export`: what was written; empty if nothing was found, and files of an earlier export are then kept."""

    out: Path
    message_entries: int
    topics: int
    files: tuple[str, ...]


class RunResult(SparseView):
    """`run` and `demo`: the result of each stage, null if it was skipped. `topicize` is by channel."""

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
        """Return the result of a run, with its spending if given."""
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
    """Result of each stage for one source, null if skipped; `error` is that of the first failed stage."""

    source_id: str
    channel_id: str
    ingest: IngestedChat | None
    process: ProcessSummary | None
    topicize: TopicizeSummary | None

    @classmethod
    def of(cls, each: SourceRun, hint_of: HintOf) -> Self:
        """Return the view of one source."""
        return cls(
            **_named(each),
            ingest=None if each.ingested is None else IngestedChat.of(each.ingested, hint_of),
            process=None if each.processed is None else ProcessSummary.copied_from(each.processed),
            topicize=None if each.topics is None else TopicizeSummary.copied_from(each.topics),
            **failure(each.error, hint_of),
        )


class RunAllResult(View):
    """`run --all`: every source that is not paused, and their common export."""

    sources: tuple[RunSource, ...]
    export: ExportResult | None
    spending: RunSpending | None

    @classmethod
    def of(cls, done: RunAllReport, spending: RunSpending | None, hint_of: HintOf) -> Self:
        """Return the result with its cost."""
        exported = None if done.exported is None else ExportResult.copied_from(done.exported)
        return cls(
            sources=tuple(RunSource.of(each, hint_of) for each in done.sources), export=exported, spending=spending
        )


def _agents(steps: StepResults | None) -> dict[str, Any]:
    return {"agents": steps} if steps else {}


def _named(each: SourceRun) -> dict[str, str]:
    return {"source_id": each.source.source_id, "channel_id": each.source.channel_id}
