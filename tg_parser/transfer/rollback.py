"""Undoes a run: removes exactly the rows it wrote and restores those it replaced, if nothing was written since."""

from __future__ import annotations

from tg_parser.domain.errors import NotFoundError, UsageError
from tg_parser.storage.engine.databases import Databases
from tg_parser.transfer.ledger import MigrationLedger
from tg_parser.transfer.target.opening import LOCK, target_of


async def rollback(databases: Databases, run_id: str) -> dict[str, int]:
    """Undo a run; returns removed rows by table. Raises NotFoundError (no such run), StorageError (rows changed)."""
    target = target_of(databases)
    ledger = MigrationLedger(target.homes)
    run = await ledger.find(run_id) if await ledger.exists() else None
    if run is None:
        raise NotFoundError(
            f"{databases.processing.place} has no migration {run_id}.",
            "Migrations print their id and save it in the report. All ids: SELECT run_id, state FROM migration_runs",
        )
    if run.state == "rolled back":
        raise UsageError(
            f"The migration {run_id} has already been rolled back.",
            "There is nothing left to undo. To migrate again, leave out --rollback.",
        )
    async with databases.locks.exclusive(LOCK):
        return await target.undo(run, databases.all, state="rolled back")
