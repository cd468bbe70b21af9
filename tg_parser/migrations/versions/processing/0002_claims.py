"""Claims: several processes share the waiting messages of a channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import Ref, UtcDateTime

revision = "processing_0002"
down_revision = "processing_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processing_claims",
        sa.Column("source_ref", Ref, primary_key=True),
        sa.Column("holder", Ref, nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("processing_claims")
