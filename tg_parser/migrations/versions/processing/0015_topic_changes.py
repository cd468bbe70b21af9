"""Topics have a level, a parent and a recorded history; documents know whether they were grouped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "processing_0015"
down_revision = "processing_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("topics", sa.Column("level", sa.Text(), nullable=False, server_default="event"))
    op.add_column("topics", sa.Column("parent_id", Ref))
    op.add_column(
        "processed_documents", sa.Column("is_grouped", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "topic_changes",
        sa.Column("number", BigNumber, sa.Identity(), primary_key=True),
        sa.Column("topic_id", Ref, nullable=False),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("other_id", Ref),
        sa.Column("messages_json", JsonDocument(), nullable=False),
        sa.Column("by", sa.Text()),
    )
    op.create_index("idx_topic_changes_topic", "topic_changes", ["topic_id", "number"])
    op.create_index("idx_topic_changes_at", "topic_changes", ["channel_id", "at", "number"])
    op.execute(
        "INSERT INTO topic_changes (topic_id, channel_id, at, kind, reason, messages_json) "
        "SELECT id, channel_id, updated_at, 'born', 'found by an earlier version', '[]' FROM topics ORDER BY id"
    )


def downgrade() -> None:
    op.drop_table("topic_changes")
    op.drop_column("processed_documents", "is_grouped")
    op.drop_column("topics", "parent_id")
    op.drop_column("topics", "level")
