"""The reread stage: stored messages are read again from the payloads kept with them."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from tg_parser.domain.media_words import media_words, split_text, tells_more, with_media_words
from tg_parser.domain.messages import Observation, compare_texts
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.storable import storable
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.content import Content
from tg_parser.ingestion.desktop import content as desktop_content
from tg_parser.ingestion.telegram import content as telegram_content
from tg_parser.ingestion.telegram.payload import restored
from tg_parser.storage.stores.raw_repairs import KeptMessage, RawRepairStorage, Repair

REPAIRED = "repaired:"
"""Counts of repairs by what was repaired begin with this."""


class PayloadReading(NamedTuple):
    """What a payload says today; `names_actions` where its names of actions are better than any that is stored."""

    content: Content
    action: str | None
    names_actions: bool


class Rereader:
    """Repairs the messages of one channel after another."""

    def __init__(self, repairs: RawRepairStorage) -> None:
        self._repairs = repairs

    async def reread(self, channel_id: str, counts: Counter[str], report: ReportProgress = silent) -> None:
        """Read every stored message again and add up in `counts`. Nothing that is stored is taken away."""
        async for page in self._repairs.pages(channel_id):
            repairs = []
            for kept in page:
                if (repair := repaired(kept)) is not None:
                    repairs.append(repair)
                    counts[f"{REPAIRED}{_kind(kept, repair)}"] += 1
                elif _shows_nothing(kept):
                    counts["not_in_payload"] += 1
            counts["read"] += len(page)
            counts["repaired"] += await self._repairs.repair(repairs, utc_now())
            report(Progress("reread", counts["read"]))


def repaired(kept: KeptMessage) -> Repair | None:
    """Return the message as parsed now; None if that adds nothing to what is stored. Pure."""
    reading = read_payload(kept.payload)
    media, own = kept.media, split_text(kept.text, kept.media).own
    links, action = kept.links, kept.service_action
    if reading is not None:
        content = reading.content
        media = content.media if tells_more(content.media, kept.media) else kept.media
        if content.own and (not own.strip() or compare_texts(own, content.own) is Observation.RICHER):
            own, links = content.own, kept.links or content.links
        if reading.action and (reading.names_actions or action in (None, "unknown")):
            action = reading.action
    text = storable(with_media_words(own, media))
    if (text, media, links, action) == (kept.text, kept.media, kept.links, kept.service_action):
        return None
    return Repair(kept.source_ref, kept.revision, text, media, links, action)


def read_payload(payload: dict[str, Any] | None) -> PayloadReading | None:
    """What a payload says; None for one that was not kept whole, and for the preview's, which hold no content."""
    if payload is None:
        return None
    if "_" in payload:
        message = restored(payload)
        return PayloadReading(telegram_content.read_content(message), telegram_content.read_action(message), True)
    if "id" in payload:
        return PayloadReading(desktop_content.read_content(payload), desktop_content.read_action(payload), False)
    return None


def _shows_nothing(kept: KeptMessage) -> bool:
    """Whether nothing is known of what a message holds."""
    known = any(each.kind != "other" or each.title is not None for each in kept.media)
    return not (kept.text.strip() or kept.service_action or known)


def _kind(kept: KeptMessage, repair: Repair) -> str:
    """Return the kind of repair, in a word."""
    if repair.service_action != kept.service_action:
        return "service_action"
    if split_text(repair.text, repair.media).own != split_text(kept.text, kept.media).own:
        return "rich_message"
    worded = next((each.kind for each in repair.media if media_words([each])), None)
    return worded or next((each.kind for each in repair.media), "links")
