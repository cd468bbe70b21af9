"""When the answer to a commit is lost: what may be believed of what the server says afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tg_parser.storage.engine.commits import CommitMark, ServerRun, Status, verdict

STARTED, RESTARTED = datetime(2024, 11, 27, tzinfo=UTC), datetime(2024, 11, 28, tzinfo=UTC)
BEFORE = ServerRun("00000001", STARTED)
AFTER_CRASH = ServerRun("00000001", RESTARTED)
AFTER_FAILOVER = ServerRun("00000002", RESTARTED)
MARK = CommitMark(xid=1000, pid=7, run=BEFORE)


@pytest.mark.parametrize(
    ("run", "status", "next_xid", "expected"),
    [
        (BEFORE, "committed", 900, "committed"),
        (BEFORE, "aborted", 900, "lost"),
        (BEFORE, "in progress", 900, "running"),
        (BEFORE, None, 900, "unknown"),
        # The crashed server had the number in its log: it is the same transaction.
        (AFTER_CRASH, "committed", 1001, "committed"),
        (AFTER_CRASH, "aborted", 1001, "lost"),
        # It had not, and gave the number out again: another transaction was committed, ours is lost.
        (AFTER_CRASH, "committed", 1000, "lost"),
        (AFTER_CRASH, "committed", 900, "lost"),
        (AFTER_CRASH, "in progress", 1001, "lost"),
        (AFTER_CRASH, "in the future", 900, "lost"),
        (AFTER_CRASH, None, 1001, "unknown"),
        # A standby that took over may lack the end of the log and give out its numbers again.
        (AFTER_FAILOVER, "committed", 1001, "unknown"),
        (AFTER_FAILOVER, "in the future", 900, "lost"),
        (AFTER_FAILOVER, "aborted", 1001, "lost"),
    ],
)
def test_only_what_is_certain_is_believed(run: ServerRun, status: Status | None, next_xid: int, expected: str) -> None:
    """Committed is not done again, lost is; what cannot be told is neither."""
    assert verdict(MARK, run, status, next_xid) == expected
