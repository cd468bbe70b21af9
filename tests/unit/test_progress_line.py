"""Progress outside a terminal."""

from __future__ import annotations

import pytest

from tg_parser.cli.progress import progress_line
from tg_parser.domain.progress import Progress


@pytest.mark.parametrize(
    ("progress", "seconds", "line"),
    [
        (Progress("process", 50, 200), 10.0, "process: 50 of 200, 5/s, about 30 s left"),
        (Progress("ingest", 50), 10.0, "ingest: 50, 5/s"),
        (Progress("ingest", 0, 10), 0.0, "ingest: 0 of 10"),
    ],
)
def test_line_says_rate_and_time_left(progress: Progress, seconds: float, line: str) -> None:
    """As much as is known, and no more."""
    assert progress_line(progress, seconds) == line
