"""Bundles: the messages of a topic, each once, with its role and the reason it belongs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tg_parser.domain.topics import Anchor, BundleItem, MemberRole, TimeRange, TopicBundle
from tg_parser.topics.model import Member, TopicDocument
from tg_parser.topics.wording.phrases import SharedPhrase, telling
from tg_parser.topics.wording.sayings import sayings
from tg_parser.topics.wording.titles import Named

_NAMED_PHRASES = 3


def bundle_of(topic: Named, documents: Sequence[TopicDocument], language: str, now: datetime) -> TopicBundle:
    """Anchors first, then supporting messages, both best first."""
    group, phrases = topic.group, topic.phrases
    anchors = {member.row for member in group.anchors}
    supporting = [member for member in group.members if member.row not in anchors]
    items = [_item(documents[member.row], member, "anchor", None) for member in group.anchors]
    for member in supporting:
        why = member.why or _justification(member, phrases, language)
        items.append(_item(documents[member.row], member, "supporting", why))
    own = [documents[member.row] for member in group.members]
    dates = [document.date for document in own]
    return TopicBundle(
        topic_id=topic.id,
        items=tuple(items),
        updated_at=now,
        time_range=TimeRange.model_validate({"from": min(dates), "to": max(dates)}),
        channels=tuple(sorted({document.channel_id for document in own})),
        metadata={"anchors": len(anchors), "supporting": len(supporting)},
    )


def anchor_of(item: BundleItem) -> Anchor:
    """A message of a topic as its anchor."""
    return Anchor(
        channel_id=item.channel_id,
        message_id=item.message_id,
        message_type=item.message_type,
        anchor_ref=item.source_ref,
        score=item.score,
        parent_message_id=item.parent_message_id,
        thread_id=item.thread_id,
    )


def _justification(member: Member, phrases: Sequence[SharedPhrase], language: str) -> str:
    """Why a message belongs: the phrases it shares with the topic, and how similar it is."""
    say = sayings(language)
    shared = telling((phrase for phrase in phrases if member.row in phrase.rows), _NAMED_PHRASES)
    reason = say["shares"].format(phrases=", ".join(phrase.text for phrase in shared)) if shared else say["close"]
    return reason + say["similarity"].format(value=member.similarity)


def _item(document: TopicDocument, member: Member, role: MemberRole, justification: str | None) -> BundleItem:
    return BundleItem(
        channel_id=document.channel_id,
        message_id=document.message_id,
        message_type=document.message_type,
        source_ref=document.source_ref,
        role=role,
        score=member.score,
        justification=justification,
        thread_id=document.thread_id,
        parent_message_id=document.parent_message_id,
    )
