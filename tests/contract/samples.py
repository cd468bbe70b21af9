"""Messages, documents and topics for the storage suites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import document_id, source_ref, topic_id
from tg_parser.domain.topics import Anchor, BundleItem, TimeRange, TopicBundle, TopicCard
from tg_parser.storage.stores.documents import StoredDocument

CHANNEL = "-100123"
NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)


def message(
    number: int, text: str = "text", *, channel: str = CHANNEL, kind: Any = "post", **fields: Any
) -> RawMessage:
    """A message of `channel`, a minute later than the one numbered before it."""
    return RawMessage(
        id=str(number),
        message_type=kind,
        source_ref=source_ref(channel, kind, number),
        channel_id=channel,
        date=NOW + timedelta(minutes=number),
        text=text,
        **{"thread_id": str(number), "via": "export", **fields},
    )


def document(
    number: int, text: str = "text", *, channel: str = CHANNEL, revision: int = 0, **fields: Any
) -> StoredDocument:
    """The document of the message with the same number."""
    ref = source_ref(channel, "post", number)
    made = ProcessedDocument(
        id=document_id(ref),
        source_ref=ref,
        source_message_id=str(number),
        channel_id=channel,
        text_clean=text,
        **{"processed_at": NOW, "metadata": {"provider": "local"}, **fields},
    )
    return StoredDocument(made, revision, NOW + timedelta(minutes=number), "post", str(number), None)


def topic(first: int, *others: int, title: str = "Title", channel: str = CHANNEL) -> tuple[TopicCard, TopicBundle]:
    """A topic of messages; the first one is its anchor."""
    ref = source_ref(channel, "post", first)
    card = TopicCard(
        id=topic_id(ref),
        title=title,
        summary="Summary.",
        scope_in=("in",),
        scope_out=("out",),
        type="cluster" if others else "singleton",
        anchors=(Anchor(channel_id=channel, message_id=str(first), message_type="post", anchor_ref=ref, score=0.9),),
        sources=(channel,),
        updated_at=NOW,
        metadata={"messages": 1 + len(others)},
    )
    items = tuple(
        BundleItem(
            channel_id=channel,
            message_id=str(number),
            message_type="post",
            source_ref=source_ref(channel, "post", number),
            role="anchor" if number == first else "supporting",
            score=0.9 if number == first else 0.7,
        )
        for number in (first, *others)
    )
    span = TimeRange.model_validate({"from": NOW, "to": NOW + timedelta(hours=1)})
    return card, TopicBundle(topic_id=card.id, items=items, updated_at=NOW, time_range=span, channels=(channel,))
