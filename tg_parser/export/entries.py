"""Turns documents and topics into knowledge-base entries (pure): rows as storage reads them in, plain dicts out.

The shapes are those of `domain.knowledge.KnowledgeBaseEntry`; a test checks every entry against that contract. No
model is built per document, because an export of a large channel would spend most of its time on that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tg_parser.domain.refs import message_entry_id, topic_entry_id
from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.domain.utc_time import iso_z
from tg_parser.export.links import ChatAddress, message_link

TITLE_CHARS = 80
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s")

Row = Mapping[str, Any]


def message_entry(row: Row, topic_ids: Sequence[str], address: ChatAddress) -> dict[str, Any]:
    """The entry of one document: `topics` are the ids of topics it belongs to, `tags` its key phrases."""
    summary, text, ref = row["summary"], row["text_clean"], row["source_ref"]
    link = message_link(row["channel_id"], row["message_type"], row["source_message_id"], row["thread_id"], address)
    return {
        "id": message_entry_id(ref),
        "source": {
            "type": "telegram_message",
            "source_ref": ref,
            "channel_id": row["channel_id"],
            "message_id": row["source_message_id"],
            "message_type": row["message_type"],
            "link": link,
        },
        "created_at": iso_z(row["processed_at"]),
        "title": entry_title(summary or text),
        "content": f"{summary}\n\n{text}" if summary else text,
        "topics": list(topic_ids),
        "tags": row["topics"],
        "metadata": _message_metadata(row, link, address),
    }


def topic_entry(card: TopicCard, sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The entry of a topic; `sources` are its resolved sources."""
    scope = [f"In scope: {'; '.join(card.scope_in)}", f"Out of scope: {'; '.join(card.scope_out)}"]
    return {
        "id": topic_entry_id(card.id),
        "source": {"type": "topic", "topic_id": card.id},
        "created_at": iso_z(card.updated_at),
        "title": card.title,
        "content": "\n\n".join([card.summary, *scope]),
        "topics": [card.id],
        "tags": list(card.tags),
        "metadata": {**card.metadata, "type": card.type, "resolved_sources": list(sources)},
    }


def resolved_sources(
    card: TopicCard, bundle: TopicBundle | None, documents: Mapping[str, Row], addresses: Mapping[str, ChatAddress]
) -> list[dict[str, Any]]:
    """Every source of a topic once: anchors first, then by descending score (missing last), then by ref.

    An anchor's role and score take precedence over the bundle item's; the justification comes from the bundle item.
    """
    sources: dict[str, dict[str, Any]] = {}
    for item in bundle.items if bundle else ():
        sources[item.source_ref] = item.model_dump(exclude_none=True)
    for anchor in card.anchors:
        known = sources.get(anchor.anchor_ref, {})
        own = anchor.model_dump(exclude={"anchor_ref"}, exclude_none=True)
        sources[anchor.anchor_ref] = {**known, **own, "source_ref": anchor.anchor_ref, "role": "anchor"}
    for ref, source in sources.items():
        _describe(source, documents.get(ref), addresses.get(source["channel_id"], ChatAddress()))
    return sorted(sources.values(), key=_source_order)


def with_texts(sources: Sequence[dict[str, Any]], documents: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Resolved sources with the clean text and the summary of their messages."""
    return [{**source, **_words(documents.get(source["source_ref"]))} for source in sources]


def entry_title(text: str) -> str:
    """The first sentence of the first line, cut between words at 80 characters."""
    line = text.strip().split("\n", 1)[0]
    end = _SENTENCE_END.search(line)
    title = line[: end.start()].strip() if end else line.strip()
    if len(title) <= TITLE_CHARS:
        return title
    cut = title[: TITLE_CHARS - 1]
    return (cut.rsplit(None, 1)[0] if " " in cut else cut).rstrip(" ,;:—–-") + "…"


def _message_metadata(row: Row, link: str | None, address: ChatAddress) -> dict[str, Any]:
    known = row["author_id"] is not None or row["author_name"] is not None
    edited_at = row["edited_at"]
    return {
        **(row["metadata"] or {}),
        "author": {"id": row["author_id"], "name": row["author_name"]} if known else None,
        "channel_title": address.title,
        "date": iso_z(row["message_date"]),
        "edited_at": None if edited_at is None else iso_z(edited_at),
        "entities": row["entities"],
        "forward": row["forward"],
        "forwards": row["forwards"],
        "is_noise": row["is_noise"],
        "language": row["language"],
        "link": link,
        "media": row["media"] or [],
        "parent_message_id": row["parent_message_id"],
        "reactions": row["reactions"] or [],
        "sentiment": row["sentiment"],
        "summary": row["summary"],
        "thread_id": row["thread_id"],
        "views": row["views"],
    }


def _words(document: Row | None) -> dict[str, Any]:
    return {} if document is None else {"summary": document["summary"], "text": document["text_clean"]}


def _describe(source: dict[str, Any], document: Row | None, address: ChatAddress) -> None:
    source["link"] = message_link(
        source["channel_id"], source["message_type"], source["message_id"], source.get("thread_id"), address
    )
    if document is not None:
        source["date"] = iso_z(document["message_date"])
        source["title"] = entry_title(document["summary"] or document["text_clean"])


def _source_order(source: dict[str, Any]) -> tuple[bool, bool, float, str]:
    score = source.get("score")
    return source["role"] != "anchor", score is None, -(score or 0.0), source["source_ref"]
