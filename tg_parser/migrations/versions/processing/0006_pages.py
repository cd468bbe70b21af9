"""Documents are read by page in the order of their messages' dates, of one channel or of all."""

from __future__ import annotations

from alembic import op

revision = "processing_0006"
down_revision = "processing_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("idx_processed_channel", "processed_documents")
    op.create_index("idx_processed_channel", "processed_documents", ["channel_id", "message_date"])
    op.create_index("idx_processed_date", "processed_documents", ["message_date"])


def downgrade() -> None:
    op.drop_index("idx_processed_date", "processed_documents")
    op.drop_index("idx_processed_channel", "processed_documents")
    op.create_index("idx_processed_channel", "processed_documents", ["channel_id"])
