"""Topics know whether they are dormant; the next run of a channel marks those that are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "processing_0018"
down_revision = "processing_0017"
branch_labels = None
depends_on = None

_AWAKE = sa.text("NOT dormant AND status = 'active' AND level <> 'wanted'")


def upgrade() -> None:
    op.add_column("topics", sa.Column("dormant", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "idx_topics_awake",
        "topics",
        ["channel_id", "bundle_time_to"],
        sqlite_where=_AWAKE,
        postgresql_where=_AWAKE,
    )


def downgrade() -> None:
    op.drop_index("idx_topics_awake", "topics")
    op.drop_column("topics", "dormant")
