"""API keys, and the log of who changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime

revision = "processing_0010"
down_revision = "processing_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", Ref, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("sources_json", JsonDocument()),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text()),
        sa.Column("previous_until", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("revoked_at", UtcDateTime()),
        sa.Column("rotated_at", UtcDateTime()),
        sa.Column("last_used_at", UtcDateTime()),
    )
    op.create_table(
        "audit_log",
        sa.Column("entry_id", Ref, primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", Ref, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", Ref, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("details_json", JsonDocument(), nullable=False),
    )
    op.create_index("idx_audit_log_actor", "audit_log", ["actor", "entry_id"])
    op.create_index("idx_audit_log_subject", "audit_log", ["subject", "entry_id"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("api_keys")
