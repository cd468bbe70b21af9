"""All names of a chat: which lead to it, since when, and which of them is its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument

revision = "ingestion_0005"
down_revision = "ingestion_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingestion_state", sa.Column("channel_names", JsonDocument()))


def downgrade() -> None:
    op.drop_column("ingestion_state", "channel_names")
