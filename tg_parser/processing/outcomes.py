"""The outcome of a message: a document, an entry in the failure ledger, or the removal of its document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from tg_parser.domain.documents import Analysis, ProcessedDocument, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.refs import document_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.nlp.indexing import Indexed, entry_of
from tg_parser.processing.analyzer import PIPELINE_VERSION, Analyzed, Task
from tg_parser.storage.stores.documents import Failure, StoredDocument

NO_MODEL = Provenance(pipeline_version=PIPELINE_VERSION, provider="none", model_id="none")
"""How the document of a message without text was made."""
WITHOUT_TEXT = Analyzed(Analysis(text_clean=""), NO_MODEL)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removal:
    """The document of a message that was deleted in Telegram is to be removed."""

    source_ref: str


Outcome = StoredDocument | Failure | Removal


def document_of(task: Task, analyzed: Analyzed) -> StoredDocument:
    """The document of a message."""
    message = task.message
    document = build_document(message, analyzed.analysis, analyzed.provenance, analyzed.notes)
    return StoredDocument(
        document=document,
        revision=task.revision,
        message_date=message.date,
        message_type=message.message_type,
        thread_id=message.thread_id,
        parent_message_id=message.parent_message_id,
        vector=analyzed.vector,
        entry=entry_of(_indexed(message, document)),
    )


def _indexed(message: RawMessage, document: ProcessedDocument) -> Indexed:
    author = message.author
    return Indexed(
        source_ref=message.source_ref,
        channel_id=message.channel_id,
        message_id=message.id,
        message_type=message.message_type,
        date=message.date,
        text=document.text_clean,
        language=document.language,
        tone=document.sentiment.label if document.sentiment else None,
        authors=(author.id or "", author.name or "") if author else (),
        entities=tuple(entity.type for entity in document.entities),
        media=tuple(media.kind for media in message.media),
    )


def failure_of(task: Task, error: Exception) -> Failure:
    """The failure of a message, which is logged too."""
    message = task.message
    log.warning("message failed", source_ref=message.source_ref, error=f"{type(error).__name__}: {error}")
    return Failure(
        source_ref=message.source_ref,
        channel_id=message.channel_id,
        revision=task.revision,
        error_class=type(error).__name__,
        error_message=str(error),
        at=utc_now(),
    )


def build_document(
    message: RawMessage, analysis: Analysis, provenance: Provenance, notes: dict[str, Any] | None = None
) -> ProcessedDocument:
    """The document of `message`; its metadata is the provenance, and notes beside it."""
    return ProcessedDocument(
        id=document_id(message.source_ref),
        source_ref=message.source_ref,
        source_message_id=message.id,
        channel_id=message.channel_id,
        processed_at=utc_now(),
        metadata={**provenance.model_dump(mode="json"), **(notes or {})},
        **{name: getattr(analysis, name) for name in Analysis.model_fields},
    )
