"""How far the schedule takes what a source has, and when it looks at it next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import UtcDateTime

revision = "ingestion_0006"
down_revision = "ingestion_0005"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("status = 'active'")


def upgrade() -> None:
    op.add_column("ingestion_state", sa.Column("steps", sa.Text()))
    op.add_column("ingestion_state", sa.Column("next_poll_at", UtcDateTime()))
    op.create_index(
        "idx_ingestion_due",
        "ingestion_state",
        ["next_poll_at", "source_id"],
        postgresql_where=_ACTIVE,
        sqlite_where=_ACTIVE,
    )


def downgrade() -> None:
    op.drop_index("idx_ingestion_due", "ingestion_state")
    op.drop_column("ingestion_state", "next_poll_at")
    op.drop_column("ingestion_state", "steps")
