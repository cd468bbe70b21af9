"""Webhooks, and what became of their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime

revision = "processing_0013"
down_revision = "processing_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", Ref, primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events_json", JsonDocument(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("previous_sealed", sa.Text()),
        sa.Column("previous_until", UtcDateTime()),
        sa.Column("key_id", Ref),
        sa.Column("job_id", Ref),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime()),
        sa.Column("disabled_reason", sa.Text()),
    )
    op.create_index("idx_webhooks_job", "webhooks", ["job_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_id", Ref, primary_key=True),
        sa.Column("webhook_id", Ref, sa.ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject", Ref, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("job_id", Ref, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime()),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("answer_seconds", sa.Float()),
        sa.Column("answer_status", sa.Integer()),
        sa.Column("answer_body", sa.Text()),
        sa.Column("answer_error", sa.Text()),
    )
    op.create_index("idx_webhook_deliveries_webhook", "webhook_deliveries", ["webhook_id", "delivery_id"])
    op.create_index("idx_webhook_deliveries_created", "webhook_deliveries", ["created_at"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
