"""Parses stored messages again, source by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tg_parser.domain.progress import ProgressParts, ReportProgress, silent
from tg_parser.domain.sources import Source
from tg_parser.ingestion.rereading import REPAIRED, Rereader


@dataclass(frozen=True, slots=True)
class RereadReport:
    """Result for one source: messages read and repaired, repairs by kind, and those that cannot be checked because the
    payload lacks the data."""

    source: Source
    read: int = 0
    repaired: int = 0
    not_in_payload: int = 0
    kinds: dict[str, int] = field(default_factory=dict)


class RereadService:
    """Repairs what earlier versions parsed wrongly."""

    def __init__(self, rereader: Rereader) -> None:
        self._rereader = rereader

    async def reread(self, sources: Sequence[Source], report: ReportProgress = silent) -> list[RereadReport]:
        """Return one report per source, in the given order."""
        parts = ProgressParts(report, len(sources))
        return [await self._of(source, parts.next()) for source in sources]

    async def _of(self, source: Source, report: ReportProgress) -> RereadReport:
        counts = Counter[str]()
        await self._rereader.reread(source.channel_id, counts, report)
        kinds = {name.removeprefix(REPAIRED): n for name, n in sorted(counts.items()) if name.startswith(REPAIRED)}
        return RereadReport(source, counts["read"], counts["repaired"], counts["not_in_payload"], kinds)
