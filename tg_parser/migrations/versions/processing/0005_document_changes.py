"""Changes of a channel's documents are counted, so that topics need no clock to see them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, Ref

revision = "processing_0005"
down_revision = "processing_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_changes",
        sa.Column("channel_id", Ref, primary_key=True),
        sa.Column("changes", BigNumber, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("document_changes")
