"""Which messages are waiting to be processed: one anti-join of raw messages with documents and failures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, and_, or_

from tg_parser.storage.engine.transactions import channel_range
from tg_parser.storage.tables.processing import processed_documents, processing_failures
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

_raw = raw_messages.c
_log = raw_revisions.c
_doc = processed_documents.c
_failed = processing_failures.c


def raw_beside_documents(*, with_log: bool) -> FromClause:
    """Each message with its document and its failure, and `with_log` with its newest revision too."""
    beside = raw_messages.outerjoin(processed_documents, _doc.source_ref == _raw.source_ref)
    beside = beside.outerjoin(processing_failures, _failed.source_ref == _raw.source_ref)
    if not with_log:
        return beside
    return beside.outerjoin(raw_revisions, and_(_log.source_ref == _raw.source_ref, _log.revision == _raw.revision))


def is_waiting(channel_id: str | None, *, force: bool, retry_failed: bool) -> list[Any]:
    """The conditions, in every channel where none is named; a deleted message is waiting only as long as it has a
    document to remove.
    """
    conditions = [
        *([] if channel_id is None else [channel_range(_raw.source_ref, channel_id)]),
        _raw.service_action.is_(None),
        or_(_raw.deleted_at.is_(None), _doc.source_ref.is_not(None)),
    ]
    if not force:
        conditions.append(or_(_doc.source_ref.is_(None), _doc.revision < _raw.revision, _raw.deleted_at.is_not(None)))
    if not (force or retry_failed):
        conditions.append(or_(_failed.source_ref.is_(None), _failed.revision < _raw.revision))
    return conditions
