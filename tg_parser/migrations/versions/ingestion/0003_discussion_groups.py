"""Which groups a channel's posts were ever commented in: a group that replaces another counts its comments from 1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument

revision = "ingestion_0003"
down_revision = "ingestion_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingestion_state", sa.Column("discussion_groups", JsonDocument()))


def downgrade() -> None:
    op.drop_column("ingestion_state", "discussion_groups")
