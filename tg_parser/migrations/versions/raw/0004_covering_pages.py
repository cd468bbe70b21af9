"""The indexes of pages hold the whole order of a page: rows are read only where they are shown or looked at."""

from __future__ import annotations

from alembic import op

revision = "raw_0004"
down_revision = "raw_0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "idx_raw_date": ["date"],
    "idx_raw_channel_date": ["channel_id", "date"],
    "idx_raw_thread": ["channel_id", "thread_id", "date"],
}


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(name, "raw_messages")
        op.create_index(name, "raw_messages", [*columns, "source_ref"])


def downgrade() -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(name, "raw_messages")
        op.create_index(name, "raw_messages", columns)
