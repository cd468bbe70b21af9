"""When the answer to a commit is lost: was it committed or not? PostgreSQL remembers, and can be asked.

Before it commits, a writing transaction notes its number and which run of the server gave it (`CommitMark`). If the
connection breaks during the commit, a new connection asks what became of that number; only what is known to be lost
may be repeated. A crashed server may give out a number a second time, and so may a standby that became the primary:
`verdict` says when a number still means the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

Status = Literal["committed", "aborted", "in progress", "in the future"]
CommitState = Literal["committed", "lost", "running", "unknown"]
_INVALID_PARAMETER_VALUE = "22023"


@dataclass(frozen=True, slots=True)
class ServerRun:
    """One run of one server between two starts; `timeline` changes when a standby becomes the primary."""

    timeline: str
    started: datetime


@dataclass(frozen=True, slots=True)
class CommitMark:
    """A transaction about to commit."""

    xid: int
    pid: int
    run: ServerRun


class UnknownOutcomeError(Exception):
    """The connection broke while `mark` was being committed; `result` is what its work returned."""

    def __init__(self, mark: CommitMark, result: Any) -> None:
        super().__init__("the answer to a commit was lost")
        self.mark = mark
        self.result = result


def verdict(mark: CommitMark, run: ServerRun, status: Status | None, next_xid: int) -> CommitState:
    """What became of `mark`, asked on `run`, whose latest checkpoint would have given out `next_xid` next."""
    if status in {"aborted", "in the future"}:
        return "lost"
    if status is None:
        return "unknown"
    if run == mark.run:
        return "running" if status == "in progress" else "committed"
    if status == "in progress":
        # No transaction outlives its server, so this number belongs to another one.
        return "lost"
    if run.timeline != mark.run.timeline:
        return "unknown"
    # Recovery ends with a checkpoint. A number beyond it was not in the log, so it has been given out anew.
    return "committed" if mark.xid < next_xid else "lost"


async def commit_mark(conn: AsyncConnection) -> CommitMark | None:
    """The mark of the transaction on `conn`; None if it has changed nothing."""
    row = (await conn.exec_driver_sql(_MARK_SQL)).one()
    return None if row.xid is None else CommitMark(int(row.xid), row.pid, ServerRun(row.timeline, row.started))


async def outcome(conn: AsyncConnection, mark: CommitMark) -> CommitState:
    """What became of `mark`; a session that still holds it is ended first, so that nothing can happen afterwards."""
    row = (await conn.exec_driver_sql(_RUN_SQL)).one()
    epoch, _, low = row.next_xid.partition(":")
    run, next_xid = ServerRun(row.timeline, row.started), (int(epoch) << 32) + int(low)
    found = verdict(mark, run, await _status(conn, mark.xid), next_xid)
    if found == "running":
        await conn.execute(text(_END_SQL), {"pid": mark.pid, "xid": str(mark.xid & 0xFFFFFFFF)})
        found = verdict(mark, run, await _status(conn, mark.xid), next_xid)
    return found


def sqlstate(error: BaseException | None) -> str | None:
    """PostgreSQL's code of a driver's error, if it has one."""
    code = getattr(error, "sqlstate", None)
    return None if code is None else str(code)


async def _status(conn: AsyncConnection, xid: int) -> Status | None:
    try:
        status = await conn.scalar(text("SELECT pg_xact_status(CAST(:xid AS xid8))"), {"xid": str(xid)})
    except DBAPIError as error:
        if sqlstate(error.orig) == _INVALID_PARAMETER_VALUE:
            return "in the future"
        raise
    return cast("Status | None", status)


_TIMELINE = "substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS timeline"
_STARTED = "pg_postmaster_start_time() AS started"
_MARK_SQL = f"SELECT pg_current_xact_id_if_assigned()::text AS xid, pg_backend_pid() AS pid, {_TIMELINE}, {_STARTED}"
_RUN_SQL = f"SELECT next_xid, {_TIMELINE}, {_STARTED} FROM pg_control_checkpoint()"
_END_SQL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE pid = :pid AND backend_xid = CAST(CAST(:xid AS text) AS xid)
"""
