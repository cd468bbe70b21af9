"""Topics can be hidden and pinned, and what a person did to them is kept for later runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "processing_0016"
down_revision = "processing_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("topics", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("topics", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "topic_edits",
        sa.Column("number", BigNumber, sa.Identity(), primary_key=True),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic_id", Ref, nullable=False),
        sa.Column("other_id", Ref),
        sa.Column("title", sa.Text()),
        sa.Column("old_title", sa.Text()),
        sa.Column("messages_json", JsonDocument(), nullable=False),
        sa.Column("before_json", JsonDocument(), nullable=False),
        sa.Column("undone_at", UtcDateTime()),
        sa.Column("undone_by", sa.Text()),
    )
    op.create_index("idx_topic_edits_channel", "topic_edits", ["channel_id", "number"])


def downgrade() -> None:
    op.drop_table("topic_edits")
    op.drop_column("topics", "pinned")
    op.drop_column("topics", "hidden")
