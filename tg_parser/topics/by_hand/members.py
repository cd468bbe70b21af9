"""Cards and bundles after messages came or went: what follows from the messages is brought in line (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tg_parser.domain.topics import BundleItem, TimeRange, TopicBundle, TopicCard
from tg_parser.topics.bundles import anchor_of
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.model import EDITED

_ANCHORS = 3


def with_members(topic: Topic, items: Iterable[BundleItem], dates: Mapping[str, datetime], now: datetime) -> Topic:
    """A topic with exactly the messages of `items`, at least one; `dates` are those of messages, by ref.

    Its anchors stay as far as they are still its messages. The next run compares all messages anew and says what they
    tell together.
    """
    card, bundle = topic
    chosen = _anchors(card, list(items))
    anchors = {item.source_ref for item in chosen}
    others = [item for item in items if item.source_ref not in anchors]
    others.sort(key=lambda item: (-(item.score or 0.0), item.source_ref))
    own = [item.model_copy(update={"role": "anchor", "justification": None}) for item in chosen]
    own += [item.model_copy(update={"role": "supporting"}) for item in others]
    channels = tuple(sorted({item.channel_id for item in own}))
    card = card.model_copy(
        update={
            "type": "singleton" if len(chosen) == 1 else "cluster",
            "anchors": tuple(map(anchor_of, chosen)),
            "sources": channels,
            "updated_at": now,
            "metadata": {**card.metadata, "messages": len(own), EDITED: True},
        }
    )
    bundle = bundle.model_copy(
        update={
            "items": tuple(own),
            "updated_at": now,
            "time_range": _range([dates[item.source_ref] for item in own if item.source_ref in dates], bundle),
            "channels": channels,
            "metadata": {**bundle.metadata, "anchors": len(chosen), "supporting": len(others)},
        }
    )
    return card, bundle


def unscored(items: Iterable[BundleItem]) -> list[BundleItem]:
    """Messages that come into a topic by hand: how well they fit there is not known yet."""
    came = {"role": "supporting", "score": None, "justification": None}
    return [item.model_copy(update=came) for item in items]


def _anchors(card: TopicCard, items: Sequence[BundleItem]) -> list[BundleItem]:
    """The anchors that are still there, in their order; if fewer than two are left, with the best others."""
    by_ref = {item.source_ref: item for item in items}
    kept = [by_ref[anchor.anchor_ref] for anchor in card.anchors if anchor.anchor_ref in by_ref][:_ANCHORS]
    names = {item.source_ref for item in kept}
    rest = sorted(
        (item for item in items if item.source_ref not in names),
        key=lambda item: (-(item.score or 0.0), item.source_ref),
    )
    return [*kept, *rest[: max(0, 2 - len(kept))]]


def _range(dates: Sequence[datetime], bundle: TopicBundle) -> TimeRange | None:
    if not dates:
        return bundle.time_range
    return TimeRange.model_validate({"from": min(dates), "to": max(dates)})
