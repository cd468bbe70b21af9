"""How documents are read: which ones, which columns, under which names, alone or with the facts of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from tg_parser.domain.documents import SentimentLabel
from tg_parser.domain.pages import Position
from tg_parser.storage.engine.dialects import Dialect
from tg_parser.storage.stores.paging import EXAMINED, EXAMINED_FOR_WORDS, Selection
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.raw import raw_messages
from tg_parser.storage.tables.topics import topic_items

_doc = processed_documents.c


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to read; an empty filter reads all. Dates are those of messages, half-open.

    `noise` None takes both. `contains` is looked for in text and summary, whatever the case of its letters.
    `with_facts` adds the facts of each message: author, views, …
    """

    channel_ids: tuple[str, ...] | None = None
    source_refs: tuple[str, ...] | None = None
    topic_id: str | None = None
    include_supporting: bool = True
    date_from: datetime | None = None
    date_to: datetime | None = None
    language: str | None = None
    sentiment: SentimentLabel | None = None
    noise: bool | None = None
    contains: str | None = None
    with_text: bool = False
    with_facts: bool = False


@dataclass(frozen=True, slots=True)
class DocumentSlice:
    """The documents of a page and the ids of their topics by ref; `end` is where the next page begins."""

    rows: Sequence[Mapping[str, Any]]
    topics: Mapping[str, Sequence[str]]
    end: Position | None = None


READ_AS = {
    "sentiment_json": "sentiment",
    "topics_json": "topics",
    "entities_json": "entities",
    "metadata_json": "metadata",
}
"""Columns that are read under another name than they have in the table."""

MESSAGE_FACTS = {
    "author_id": "author_id",
    "author_name": "author_name",
    "views": "views",
    "forwards": "forwards",
    "edited_at": "edited_at",
    "reactions_json": "reactions",
    "media_json": "media",
    "forward_json": "forward",
}
"""Columns of raw messages that are read with their documents, under these names."""


def readable(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Documents as mappings of plain values, with `more` columns."""
    return select(*(column.label(READ_AS.get(column.name, column.name)) for column in processed_documents.c), *more)


def readable_with_facts() -> Select[*tuple[Any, ...]]:
    """Documents with the facts of their messages; these come before the long texts in the row and are quick to read."""
    facts = (raw_messages.c[column].label(name) for column, name in MESSAGE_FACTS.items())
    beside = processed_documents.outerjoin(raw_messages, raw_messages.c.source_ref == _doc.source_ref)
    return readable(*facts).select_from(beside)


def readable_as(wanted: DocumentFilter) -> Select[*tuple[Any, ...]]:
    """Documents with all that `wanted` asks for."""
    return readable_with_facts() if wanted.with_facts else readable()


def conditions(wanted: DocumentFilter, dialect: Dialect) -> list[ColumnElement[bool]]:
    """What a document must fulfil besides being of the right channel."""
    sent = [_doc.message_date >= wanted.date_from] if wanted.date_from is not None else []
    sent += [_doc.message_date < wanted.date_to] if wanted.date_to is not None else []
    return [*_picked(wanted, dialect), *sent, *_filters(wanted, dialect)]


def chosen_documents(wanted: DocumentFilter, dialect: Dialect) -> Selection:
    """The same by how each is found."""
    return Selection(
        wanted.channel_ids,
        (wanted.date_from, wanted.date_to),
        picked=_picked(wanted, dialect),
        filters=_filters(wanted, dialect),
        examined=EXAMINED_FOR_WORDS if wanted.contains else EXAMINED,
    )


def _picked(wanted: DocumentFilter, dialect: Dialect) -> list[ColumnElement[bool]]:
    picked = []
    if wanted.source_refs is not None:
        picked.append(dialect.any_of(_doc.source_ref, wanted.source_refs))
    if wanted.topic_id is not None:
        picked.append(_doc.source_ref.in_(_refs_of_topic(wanted)))
    return picked


def _filters(wanted: DocumentFilter, dialect: Dialect) -> list[ColumnElement[bool]]:
    filters = []
    if wanted.language is not None:
        filters.append(_doc.language == wanted.language)
    if wanted.sentiment is not None:
        filters.append(dialect.json_text(_doc.sentiment_json, "label") == wanted.sentiment)
    if wanted.noise is not None:
        filters.append(_doc.is_noise.is_(wanted.noise))
    if wanted.with_text:
        filters.append(_doc.text_clean != "")
    if wanted.contains:
        filters.append(or_(*(dialect.contains(text, wanted.contains) for text in (_doc.summary, _doc.text_clean))))
    return filters


def _refs_of_topic(wanted: DocumentFilter) -> Select[*tuple[Any, ...]]:
    item = topic_items.c
    refs = select(item.source_ref).where(item.topic_id == wanted.topic_id)
    return refs if wanted.include_supporting else refs.where(item.role == "anchor")
