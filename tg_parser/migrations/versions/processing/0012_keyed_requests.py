"""Requests that came with an idempotency key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime

revision = "processing_0012"
down_revision = "processing_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keyed_requests",
        sa.Column("client", Ref, primary_key=True),
        sa.Column("idempotency_key", Ref, primary_key=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers_json", JsonDocument()),
        sa.Column("body", sa.Text()),
    )
    op.create_index("idx_keyed_requests_begun", "keyed_requests", ["begun_at"])


def downgrade() -> None:
    op.drop_table("keyed_requests")
