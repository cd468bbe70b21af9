"""What the schedule asked for last, in the processing database."""

from __future__ import annotations

from sqlalchemy import Column, Table

from tg_parser.storage.tables.columns import Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

schedule_entries = Table(
    "schedule_entries",
    metadata,
    Column("name", Ref, primary_key=True),
    Column("last_at", UtcDateTime, nullable=False),
    Column("job_id", Ref),
)
