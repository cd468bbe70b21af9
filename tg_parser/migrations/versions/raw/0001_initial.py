"""Raw messages and the revision log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "raw_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "raw_messages",
        sa.Column("source_ref", Ref, nullable=False),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("message_type", sa.Text(), nullable=False),
        sa.Column("id", Ref, nullable=False),
        sa.Column("id_number", BigNumber),
        sa.Column("date", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime()),
        sa.Column("service_action", sa.Text()),
        sa.Column("thread_id", Ref),
        sa.Column("parent_message_id", Ref),
        sa.Column("reply_to_message_id", Ref),
        sa.Column("language", sa.Text()),
        sa.Column("author_id", Ref),
        sa.Column("author_name", sa.Text()),
        sa.Column("views", BigNumber),
        sa.Column("forwards", BigNumber),
        sa.Column("album_id", Ref),
        sa.Column("forum_topic", sa.Text()),
        sa.Column("edited_at", UtcDateTime()),
        sa.Column("via", sa.Text()),
        sa.Column("inserted_at", UtcDateTime(), nullable=False),
        sa.Column("text_sanitized", sa.Boolean(), nullable=False),
        sa.Column("raw_payload_truncated", sa.Boolean(), nullable=False),
        sa.Column("raw_payload_original_size_bytes", BigNumber),
        sa.Column("reactions_json", JsonDocument()),
        sa.Column("media_json", JsonDocument()),
        sa.Column("links_json", JsonDocument()),
        sa.Column("forward_json", JsonDocument()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raw_payload_json", JsonDocument()),
    )
    op.create_index("idx_raw_date", "raw_messages", ["date"])
    op.create_index("idx_raw_source_channel", "raw_messages", ["source_ref", "channel_id"], unique=True)
    op.create_table(
        "raw_revisions",
        sa.Column("source_ref", Ref, primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("via", sa.Text()),
        sa.Column("edited_at", UtcDateTime()),
        sa.Column("text_sanitized", sa.Boolean(), nullable=False),
        sa.Column("raw_payload_truncated", sa.Boolean(), nullable=False),
        sa.Column("raw_payload_original_size_bytes", BigNumber),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raw_payload_json", JsonDocument()),
    )


def downgrade() -> None:
    op.drop_table("raw_revisions")
    op.drop_table("raw_messages")
