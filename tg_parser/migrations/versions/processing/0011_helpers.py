"""Which job a job helps, which trace it belongs to, and when workers last looked for jobs of dead ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import Ref, UtcDateTime

revision = "processing_0011"
down_revision = "processing_0010"
branch_labels = None
depends_on = None

_HELPING = sa.text("helps IS NOT NULL")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("helps", Ref))
    op.add_column("jobs", sa.Column("traceparent", sa.Text))
    op.create_index("idx_jobs_helpers", "jobs", ["helps"], postgresql_where=_HELPING, sqlite_where=_HELPING)
    op.create_table(
        "job_upkeep",
        sa.Column("name", Ref, primary_key=True),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("job_upkeep")
    op.drop_index("idx_jobs_helpers", "jobs")
    op.drop_column("jobs", "traceparent")
    op.drop_column("jobs", "helps")
