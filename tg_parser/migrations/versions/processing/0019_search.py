"""Messages are found by their words: an entry for each document, and an index of the terms of the entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, Ref

revision = "processing_0019"
down_revision = "processing_0018"
branch_labels = None
depends_on = None

_NOT_INDEXED = sa.text("NOT is_indexed")
_DELETED = "INSERT INTO search_words (search_words, rowid, terms) VALUES ('delete', old.number, old.terms);"
_ADDED = "INSERT INTO search_words (rowid, terms) VALUES (new.number, new.terms);"
_TRIGGERS = {"insert": _ADDED, "delete": _DELETED, "update": f"{_DELETED} {_ADDED}"}


def upgrade() -> None:
    op.add_column(
        "processed_documents", sa.Column("is_indexed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "idx_processed_not_indexed",
        "processed_documents",
        ["source_ref"],
        sqlite_where=_NOT_INDEXED,
        postgresql_where=_NOT_INDEXED,
    )
    op.create_table(
        "search_entries",
        sa.Column("number", BigNumber, primary_key=True, autoincrement=False),
        sa.Column(
            "source_ref", Ref, sa.ForeignKey("processed_documents.source_ref", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("text_hash", Ref, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
    )
    op.create_index("idx_search_source_ref", "search_entries", ["source_ref"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX idx_search_words ON search_entries USING gin (array_to_tsvector(string_to_array(terms, ' ')))"
        )
        return
    # Terms are made by the program: the tokenizer only splits at spaces, and no positions are kept.
    op.execute(
        "CREATE VIRTUAL TABLE search_words USING fts5(terms, content='search_entries', content_rowid='number',"
        " detail=none, columnsize=0, tokenize=\"ascii tokenchars '=~:._-'''\")"
    )
    for event, action in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER search_{event} AFTER {event} ON search_entries BEGIN {action} END")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        for event in _TRIGGERS:
            op.execute(f"DROP TRIGGER search_{event}")
        op.execute("DROP TABLE search_words")
    op.drop_table("search_entries")
    op.drop_index("idx_processed_not_indexed", "processed_documents")
    op.drop_column("processed_documents", "is_indexed")
