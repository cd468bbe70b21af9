"""How documents are read: which columns, under which names, alone or with the facts of their messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from tg_parser.storage.tables.processing import processed_documents
from tg_parser.storage.tables.raw import raw_messages

_doc = processed_documents.c

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
