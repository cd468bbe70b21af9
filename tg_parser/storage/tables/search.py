"""The search index in the processing database: derived from documents, never copied or restored.

Beside this table, SQLite has the FTS5 table search_words over `terms`, and PostgreSQL the GIN index idx_search_words of
the same terms: see the migration that makes them.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from tg_parser.storage.tables.columns import BigNumber, Ref
from tg_parser.storage.tables.processing import metadata

search_entries = Table(
    "search_entries",
    metadata,
    Column("number", BigNumber, primary_key=True, autoincrement=False),
    Column("source_ref", Ref, ForeignKey("processed_documents.source_ref", ondelete="CASCADE"), nullable=False),
    Column("text_hash", Ref, nullable=False),
    Column("length", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Index("idx_search_source_ref", "source_ref", unique=True),
)
