"""Paid answers of language models, and what was spent, in the processing database.

Money is counted in whole billionths of a dollar: sums are exact in any order. Where there is no channel, it is "".
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

llm_answers = Table(
    "llm_answers",
    metadata,
    Column("key", Ref, primary_key=True),
    Column("channel_id", Ref, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("response_json", JsonDocument, nullable=False),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_nanousd", BigNumber),
    Column("created_at", UtcDateTime, nullable=False),
    Index("idx_llm_answers_channel", "channel_id"),
)

# Counters, not a row per call. Calls without tokens or price are counted separately: unknown is not 0.
llm_spending = Table(
    "llm_spending",
    metadata,
    Column("day", Ref, primary_key=True),
    Column("run_id", Ref, primary_key=True),
    Column("stage", Ref, primary_key=True),
    Column("channel_id", Ref, primary_key=True),
    Column("provider", Ref, primary_key=True),
    Column("model", Ref, primary_key=True),
    Column("calls", BigNumber, nullable=False),
    Column("input_tokens", BigNumber, nullable=False),
    Column("output_tokens", BigNumber, nullable=False),
    Column("cost_nanousd", BigNumber, nullable=False),
    Column("unknown_usage_calls", BigNumber, nullable=False),
    Column("unknown_price_calls", BigNumber, nullable=False),
    Column("cached_answers", BigNumber, nullable=False),
)
