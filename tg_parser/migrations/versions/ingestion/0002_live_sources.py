"""Live sources: open ranges, comment counts, and what a Telegram account must not forget."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "ingestion_0002"
down_revision = "ingestion_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingestion_state", sa.Column("peer_id", Ref))
    op.add_column("ingestion_state", sa.Column("newest_post_id", BigNumber))
    op.add_column("ingestion_state", sa.Column("open_ranges", JsonDocument()))
    op.add_column("ingestion_state", sa.Column("comments_swept_to", BigNumber))
    op.add_column("ingestion_state", sa.Column("comments_turn", BigNumber))
    op.add_column("comment_cursors", sa.Column("reply_count", BigNumber))
    op.add_column("comment_cursors", sa.Column("walked_count", BigNumber))
    op.create_table(
        "telegram_sessions",
        sa.Column("session_id", Ref, primary_key=True),
        sa.Column("blocked_reason", sa.Text(), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "telegram_limits",
        sa.Column("session_id", Ref, primary_key=True),
        sa.Column("request", Ref, primary_key=True),
        sa.Column("wait_until", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "telegram_access",
        sa.Column("session_id", Ref, primary_key=True),
        sa.Column("channel_id", Ref, primary_key=True),
        sa.Column("access_hash", BigNumber, nullable=False),
    )


def downgrade() -> None:
    for table in ("telegram_access", "telegram_limits", "telegram_sessions"):
        op.drop_table(table)
    for name in ("walked_count", "reply_count"):
        op.drop_column("comment_cursors", name)
    for name in ("comments_turn", "comments_swept_to", "open_ranges", "newest_post_id", "peer_id"):
        op.drop_column("ingestion_state", name)
