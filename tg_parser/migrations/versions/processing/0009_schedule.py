"""What workers ask for by themselves, and when they last did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import Ref, UtcDateTime

revision = "processing_0009"
down_revision = "processing_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule_entries",
        sa.Column("name", Ref, primary_key=True),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("job_id", Ref),
    )


def downgrade() -> None:
    op.drop_table("schedule_entries")
