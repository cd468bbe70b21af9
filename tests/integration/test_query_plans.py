"""Of what a day asks for, nothing reads a large table from end to end, on either backend."""

from __future__ import annotations

from pathlib import Path

import pytest
from query_plans import LARGE, Recorder, plans, recorded_plans

from tg_parser.config.settings import Settings
from tg_parser.storage.engine.databases import open_databases

MESSAGES, CHANNELS = 10_000, 20


async def test_daily_path_follows_indexes(settings: Settings, tmp_path: Path) -> None:
    """Every statement of a day on one channel of many, from collecting to sums of sentiment, uses an index."""
    found = await recorded_plans(settings, MESSAGES, CHANNELS, tmp_path / "out", avoiding_scans=True)
    assert {plan.step for plan in found} == {
        "collect",
        "recheck",
        "process",
        "money",
        "topicise",
        "export",
        "status",
        "sentiment",
        "read",
    }
    assert {table for table in LARGE for plan in found if table in plan.statement} == set(LARGE)
    assert {plan.statement: plan.scans for plan in found if plan.scans} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT source_ref FROM raw_messages WHERE language = 'xx'",
        "SELECT source_ref FROM processed_documents WHERE language = 'xx'",
        "SELECT source_ref FROM raw_messages ORDER BY source_ref",
    ],
)
async def test_reading_a_whole_table_would_be_noticed(statement: str, settings: Settings) -> None:
    """The check above can fail: a condition that no index serves is named, and so is an index read for its order."""
    async with open_databases(settings) as databases:
        recorder = Recorder(step="status")
        recorder.note(None, None, statement, (), None, executemany=False)
        (plan,) = await plans(databases, recorder, avoiding_scans=True)
    assert len(plan.scans) == 1
