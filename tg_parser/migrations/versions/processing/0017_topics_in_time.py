"""A run finds new documents and the topics near them by index, and topics that lost a message by a counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "processing_0017"
down_revision = "processing_0016"
branch_labels = None
depends_on = None

_NEW = sa.text("NOT is_grouped")
_TO_GROUP = sa.text("NOT is_noise AND text_clean <> ''")
_LOST = sa.text("lost_messages > 0")


def upgrade() -> None:
    op.add_column("topics", sa.Column("lost_messages", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("idx_topics_time", "topics", ["channel_id", "bundle_time_to", "bundle_time_from"])
    op.create_index("idx_topics_title", "topics", ["channel_id", "title"])
    op.create_index("idx_topics_lost", "topics", ["channel_id"], sqlite_where=_LOST, postgresql_where=_LOST)
    for name, columns, condition in (
        ("idx_processed_new", ["channel_id", "source_ref"], _NEW),
        ("idx_processed_to_group", ["channel_id"], _TO_GROUP),
    ):
        op.create_index(name, "processed_documents", columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for name in ("idx_processed_to_group", "idx_processed_new"):
        op.drop_index(name, "processed_documents")
    for name in ("idx_topics_lost", "idx_topics_title", "idx_topics_time"):
        op.drop_index(name, "topics")
    op.drop_column("topics", "lost_messages")
