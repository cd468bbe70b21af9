"""The indexes of pages hold the whole order of a page: rows are read only where they are shown or looked at."""

from __future__ import annotations

from alembic import op

revision = "processing_0014"
down_revision = "processing_0013"
branch_labels = None
depends_on = None

_INDEXES = {"idx_processed_channel": ["channel_id", "message_date"], "idx_processed_date": ["message_date"]}


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(name, "processed_documents")
        op.create_index(name, "processed_documents", [*columns, "source_ref"])


def downgrade() -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(name, "processed_documents")
        op.create_index(name, "processed_documents", columns)
