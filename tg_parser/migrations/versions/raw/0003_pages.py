"""Messages are read by page in the order of their dates, of one channel or of one thread."""

from __future__ import annotations

from alembic import op

revision = "raw_0003"
down_revision = "raw_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("idx_raw_channel_date", "raw_messages", ["channel_id", "date"])
    op.create_index("idx_raw_thread", "raw_messages", ["channel_id", "thread_id", "date"])


def downgrade() -> None:
    op.drop_index("idx_raw_thread", "raw_messages")
    op.drop_index("idx_raw_channel_date", "raw_messages")
