"""Paid answers of language models are kept, what is spent is counted; what agents did is found quickly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

revision = "processing_0003"
down_revision = "processing_0002"
branch_labels = None
depends_on = None

_COUNTERS = (
    "calls",
    "input_tokens",
    "output_tokens",
    "cost_nanousd",
    "unknown_usage_calls",
    "unknown_price_calls",
    "cached_answers",
)


def upgrade() -> None:
    op.create_table(
        "llm_answers",
        sa.Column("key", Ref, primary_key=True),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("response_json", JsonDocument(), nullable=False),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("cost_nanousd", BigNumber),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("idx_llm_answers_channel", "llm_answers", ["channel_id"])
    op.create_table(
        "llm_spending",
        *(sa.Column(name, Ref, primary_key=True) for name in ("day", "run_id", "stage", "channel_id")),
        *(sa.Column(name, Ref, primary_key=True) for name in ("provider", "model")),
        *(sa.Column(name, BigNumber, nullable=False) for name in _COUNTERS),
    )
    op.create_index("idx_tasks_agent", "task_history", ["agent_name", "created_at"])
    op.create_index("idx_handoffs_status", "handoff_history", ["status"])


def downgrade() -> None:
    op.drop_index("idx_handoffs_status", "handoff_history")
    op.drop_index("idx_tasks_agent", "task_history")
    op.drop_table("llm_spending")
    op.drop_table("llm_answers")
