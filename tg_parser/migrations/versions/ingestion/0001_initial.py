"""Sources, cursors and attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "ingestion_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ingestion_state",
        sa.Column("source_id", Ref, nullable=False),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("channel_username", sa.Text()),
        sa.Column("channel_title", sa.Text()),
        sa.Column("channel_kind", sa.Text(), nullable=False),
        sa.Column("via", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("include_comments", sa.Boolean(), nullable=False),
        sa.Column("history_from", UtcDateTime()),
        sa.Column("history_to", UtcDateTime()),
        sa.Column("poll_interval_seconds", sa.Integer()),
        sa.Column("batch_size", sa.Integer()),
        sa.Column("last_post_id", BigNumber),
        sa.Column("backfill_completed_at", UtcDateTime()),
        sa.Column("last_attempt_at", UtcDateTime()),
        sa.Column("last_success_at", UtcDateTime()),
        sa.Column("fail_count", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("rate_limit_until", UtcDateTime()),
        sa.Column("comments_unavailable", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_index("idx_ingestion_source_id", "ingestion_state", ["source_id"], unique=True)
    op.create_table(
        "comment_cursors",
        sa.Column("source_id", Ref, sa.ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("thread_id", Ref, primary_key=True),
        sa.Column("last_comment_id", BigNumber),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "source_attempts",
        sa.Column("id", BigNumber, sa.Identity(), primary_key=True),
        sa.Column("source_id", Ref, sa.ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error_class", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("counts_json", JsonDocument(), nullable=False),
    )
    op.create_index("idx_attempts_source", "source_attempts", ["source_id", "id"])


def downgrade() -> None:
    op.drop_table("source_attempts")
    op.drop_table("comment_cursors")
    op.drop_table("ingestion_state")
