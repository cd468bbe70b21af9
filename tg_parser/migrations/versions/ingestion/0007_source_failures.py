"""Sources that have failed and of which nobody has been told yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import Ref, UtcDateTime

revision = "ingestion_0007"
down_revision = "ingestion_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_failures",
        sa.Column("source_id", Ref, sa.ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("failed_at", UtcDateTime(), primary_key=True),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("source_failures")
