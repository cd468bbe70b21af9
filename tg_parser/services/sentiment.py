"""Sentiment of a channel, summed by thread, topic or period, each line with a title or link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tg_parser.domain.refs import source_ref
from tg_parser.export.entries import entry_title
from tg_parser.export.links import ChatAddress, message_link
from tg_parser.services.sources import SourceService
from tg_parser.services.views.reading import SentimentLine, SentimentReport
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.sentiment import PERIODS, By, Of, SentimentStorage, ToneFilter, ToneSum

__all__ = ["Of", "SentimentService", "ToneFilter"]


class SentimentService:
    """Reads the sums and their titles."""

    def __init__(self, sources: SourceService, tones: SentimentStorage, documents: ProcessingStorage) -> None:
        self._sources = sources
        self._tones = tones
        self._documents = documents

    async def report(self, wanted: ToneFilter, by: By, *, limit: int) -> SentimentReport:
        """Return the sums of a channel; `limit` applies to threads and topics, periods are complete."""
        address = (await self._sources.addresses()).get(wanted.channel_id, ChatAddress())
        sums = await self._tones.sums(wanted, by, None if by in PERIODS else limit)
        titles = await self._titles(wanted.channel_id, by, [each.key for each in sums])
        lines = tuple(
            _line(
                each,
                titles.get(each.key),
                message_link(wanted.channel_id, "post", each.key, None, address) if by == "thread" else None,
            )
            for each in sums
        )
        total = _line(await self._tones.total(wanted), None, None)
        return SentimentReport(channel_id=wanted.channel_id, by=by, of=wanted.of, lines=lines, total=total)

    async def _titles(self, channel_id: str, by: By, keys: Sequence[str]) -> Mapping[str, str]:
        if by == "topic":
            return await self._tones.titles(keys)
        if by != "thread":
            return {}
        roots = DocumentFilter(source_refs=tuple(source_ref(channel_id, "post", key) for key in keys), with_text=True)
        return {
            row["source_message_id"]: entry_title(row["summary"] or row["text_clean"])
            async for page in self._documents.pages(roots, len(keys) + 1)
            for row in page
        }


def _line(tones: ToneSum, title: str | None, link: str | None) -> SentimentLine:
    with_tone = tones.messages - tones.without_tone
    return SentimentLine(
        key=tones.key,
        title=title,
        link=link,
        messages=tones.messages,
        positive=tones.positive,
        neutral=tones.neutral,
        negative=tones.negative,
        without_tone=tones.without_tone,
        balance=round((tones.positive - tones.negative) / with_tone, 3) if with_tone else None,
    )
