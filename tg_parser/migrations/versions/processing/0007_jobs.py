"""Jobs get what workers need; those of the earlier version become history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime

revision = "processing_0007"
down_revision = "processing_0006"
branch_labels = None
depends_on = None

_QUEUED, _RUNNING = "status = 'queued'", "status = 'running'"
_INDEXES = (
    ("idx_jobs_waiting", ["run_at", "job_id"], False, _QUEUED),
    ("idx_jobs_same_work", ["digest"], False, _QUEUED),
    ("idx_jobs_running", ["worker"], False, _RUNNING),
    ("idx_jobs_lock", ["lock_name"], True, _RUNNING),
    ("idx_jobs_lock_waiting", ["lock_name", "run_at"], False, _QUEUED),
    ("idx_jobs_idempotency", ["client", "idempotency_key"], True, None),
)


def upgrade() -> None:
    for column in _columns():
        op.add_column("jobs", column)
    # Nobody works on them any more.
    op.execute("UPDATE jobs SET status = 'done' WHERE status = 'completed'")
    op.execute("UPDATE jobs SET status = 'cancelled' WHERE status IN ('pending', 'running', 'queued')")
    for name, columns, unique, where in _INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(name, "jobs", columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def downgrade() -> None:
    for name, *_ in _INDEXES:
        op.drop_index(name, "jobs")
    op.execute("UPDATE jobs SET status = 'completed' WHERE status = 'done'")
    op.execute("UPDATE jobs SET status = 'failed' WHERE status IN ('cancelled', 'running')")
    op.execute("UPDATE jobs SET status = 'pending' WHERE status = 'queued'")
    for column in reversed(_columns()):
        op.drop_column("jobs", column.name)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("parameters_json", JsonDocument()),
        sa.Column("digest", Ref),
        sa.Column("lock_name", Ref),
        sa.Column("run_at", UtcDateTime()),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("takeovers", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("worker", Ref),
        sa.Column("heartbeat_at", UtcDateTime()),
        sa.Column("cancel_requested_at", UtcDateTime()),
        sa.Column("request_id", sa.Text()),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("error_json", JsonDocument()),
    ]
