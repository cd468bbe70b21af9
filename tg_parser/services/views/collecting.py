"""Sources, and the results of collecting them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from tg_parser.domain.sources import Source, SourceStatus
from tg_parser.services.views.base import FailedView, HintOf, View, failure

if TYPE_CHECKING:
    from tg_parser.services.ingestion import IngestOutcome
    from tg_parser.services.rereading import RereadReport

_UNKNOWN = "unknown:"


class SourceList(View):
    """`sources list`."""

    sources: tuple[Source, ...]


class Holdings(View):
    """Data stored of a source's channel, which is also what removing it with its data would delete."""

    messages: int
    documents: int
    topics: int


class RemovedSource(View):
    """`sources remove`; `with_data` says whether the stored data is deleted too."""

    removed: str
    with_data: bool
    held: Holdings


class LoginResult(View):
    """`login`: the account, the location of its session, and the sources that were resumed."""

    account: str
    session_file: Path | None
    already: bool
    resumed: tuple[str, ...]


class IngestedChat(FailedView):
    """Outcome for one chat. `unknown` counts messages of unknown kinds by the names of their fields; `status` is
    that of the source after an error."""

    source_id: str
    channel_id: str
    title: str | None
    counts: dict[str, int]
    unknown: dict[str, int] = Field(default_factory=dict)
    status: SourceStatus | None = None

    @classmethod
    def of(cls, outcome: IngestOutcome, hint_of: HintOf) -> Self:
        """Return the view of an outcome."""
        source, stated = outcome.source, dict[str, Any]()
        if unknown := unknown_of(outcome):
            stated["unknown"] = unknown
        if outcome.error is not None:
            stated |= {**failure(outcome.error, hint_of), "status": source.status}
        named = {"source_id": source.source_id, "channel_id": source.channel_id, "title": source.channel_title}
        return cls(**named, counts=outcome.counts, **stated)


class IngestResult(View):
    """`ingest`."""

    sources: tuple[IngestedChat, ...]

    @classmethod
    def of(cls, outcomes: Sequence[IngestOutcome], hint_of: HintOf) -> Self:
        """Return the view of all outcomes."""
        return cls(sources=tuple(IngestedChat.of(each, hint_of) for each in outcomes))


class RereadSource(View):
    """Result of parsing one source again; `kinds` counts the repairs by kind."""

    source_id: str
    channel_id: str
    title: str | None
    read: int
    repaired: int
    kinds: dict[str, int]
    not_in_payload: int

    @classmethod
    def of(cls, report: RereadReport) -> Self:
        """Return the view of a report."""
        return cls(
            source_id=report.source.source_id,
            channel_id=report.source.channel_id,
            title=report.source.channel_title,
            read=report.read,
            repaired=report.repaired,
            kinds=report.kinds,
            not_in_payload=report.not_in_payload,
        )


class RereadResult(View):
    """`ingest --reread`."""

    sources: tuple[RereadSource, ...]

    @classmethod
    def of(cls, reports: Sequence[RereadReport]) -> Self:
        """Return the view of all reports."""
        return cls(sources=tuple(map(RereadSource.of, reports)))


def unknown_of(outcome: IngestOutcome) -> dict[str, int]:
    """Return the number of messages of unknown kinds, by the names of their fields."""
    counted = sorted(outcome.counts.items())
    return {name.removeprefix(_UNKNOWN): number for name, number in counted if name.startswith(_UNKNOWN)}
