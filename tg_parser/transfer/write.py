"""The second pass: a batch of rows, their changes, the refused rows, and the record that it is done, in one
transaction. Rows that the database itself refuses are found by halving the batch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.storage.engine.sqlite_names import quoted
from tg_parser.transfer.ledger import MigrationRun, Tally, batches, changes, quarantine
from tg_parser.transfer.plan import Context, RowResult, TablePlan, key_columns
from tg_parser.transfer.rows.fields import Note
from tg_parser.transfer.rows.originals import original_json
from tg_parser.transfer.target.port import Destination, Merged, TakenError, TransferTarget
from tg_parser.transfer.validate import RowRange, batch_rows

TAKEN = "another row with this key is there"


@dataclass(slots=True)
class _BatchRecord:
    """Records about a batch besides its rows."""

    notes: list[tuple[int, str, Note]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def note(self, each: RowResult, key: str) -> None:
        if each.reason is not None:
            self.refused[each.rowid] = each.reason
        self.notes += [(each.rowid, key, note) for note in each.notes]

    def kept(self) -> list[tuple[int, str, Note]]:
        """The changes of rows that were accepted in the end."""
        return [entry for entry in self.notes if entry[0] not in self.refused]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the batches of a run."""

    target: TransferTarget
    context: Context
    run: MigrationRun

    async def write(self, plan: TablePlan, batch: RowRange) -> Tally:
        """Write a batch, unless it is already written. Raises StorageError."""
        careful = self.run.on_conflict != "fail"
        try:
            return await self._written(plan, batch, careful=careful)
        except TakenError:
            try:
                return await self._written(plan, batch, careful=True)
            except self.target.refusals as error:
                return await self._halved(plan, batch, error)
        except self.target.refusals as error:
            return await self._halved(plan, batch, error)

    async def _halved(self, plan: TablePlan, batch: RowRange, error: Exception) -> Tally:
        if batch.rows == 1:
            return await self._written(plan, batch, careful=False, refusal=self.target.refusal(error))
        middle = batch.rows // 2
        upto = self._row_id(plan, batch, middle)
        first = replace(batch, upto=upto, rows=middle)
        second = replace(batch, after=upto, rows=batch.rows - middle)
        return await self.write(plan, first) + await self.write(plan, second)

    def _row_id(self, plan: TablePlan, batch: RowRange, number: int) -> int:
        rows = self.context.snapshot.connection.execute(
            f"SELECT rowid FROM {plan.database}.{quoted(plan.source)} WHERE rowid > ? ORDER BY rowid LIMIT 1 OFFSET ?",
            (batch.after, number - 1),
        )
        return int(rows.fetchone()[0])

    async def _written(self, plan: TablePlan, batch: RowRange, *, careful: bool, refusal: str | None = None) -> Tally:
        database = self.target.home(plan.database)

        async def write(conn: AsyncConnection) -> Tally:
            known = await self._known(conn, plan, batch)
            if known is not None:
                return known
            await database.dialect.lift_time_limit(conn)
            record, done = _BatchRecord(), Merged(0, {})
            if refusal is not None:
                record.refused[batch.upto] = refusal
            elif plan.target is None:
                self._refuse_all(plan, batch, record)
            else:
                to = Destination(plan.target, plan.fields, self.run.run_id)
                rows = batch_rows(plan, batch, self.context, lambda each: record.note(each, row_key(plan, each)))
                done = await self.target.put(conn, to, rows, self.run.on_conflict, careful=careful)
                record.refused.update({row_id: TAKEN for row_id, same in done.met.items() if not same})
            await self._store_record(conn, plan, record)
            return await self._note_batch(conn, plan, batch, record, done)

        return await database.write(write)

    def _refuse_all(self, plan: TablePlan, batch: RowRange, record: _BatchRecord) -> None:
        for chunk in self.context.snapshot.chunks(plan.select, batch.after, batch.upto):
            record.refused.update({row[-1]: plan.homeless for row in chunk})

    async def _known(self, conn: AsyncConnection, plan: TablePlan, batch: RowRange) -> Tally | None:
        """The counts of a batch that an earlier try has written: the answer may have been lost with the connection."""
        names = tuple(Tally.__dataclass_fields__)
        mine = (batches.c.run_id == self.run.run_id, batches.c.table_name == plan.name, batches.c.upto == batch.upto)
        row = (await conn.execute(select(*(batches.c[name] for name in names)).where(*mine))).first()
        return None if row is None else Tally(*row)

    async def _store_record(self, conn: AsyncConnection, plan: TablePlan, record: _BatchRecord) -> None:
        own = {"run_id": self.run.run_id, "table_name": plan.name}
        listed = [
            {**own, "row_id": row_id, "row_key": _storable(key), "column_name": note.column}
            | {"change": _storable(note.change), "original": _storable(note.original)}
            for row_id, key, note in record.kept()
            if note.original is not None
        ]
        refused = [
            {**own, "row_id": row_id, "reason": _storable(reason), "original": self._original(plan, row_id)}
            for row_id, reason in sorted(record.refused.items())
        ]
        if listed:
            await conn.execute(insert(changes), listed)
        if refused:
            await conn.execute(insert(quarantine), refused)

    async def _note_batch(
        self, conn: AsyncConnection, plan: TablePlan, batch: RowRange, record: _BatchRecord, done: Merged
    ) -> Tally:
        tally = Tally(
            rows=batch.rows,
            migrated=batch.rows - len(record.refused),
            already_there=sum(done.met.values()),
            changed=len({row_id for row_id, _, _ in record.kept()}),
            quarantined=len(record.refused),
        )
        row = {
            "run_id": self.run.run_id,
            "table_name": plan.name,
            "upto": batch.upto,
            "target": plan.target.name if plan.target is not None else None,
            "xid": await self.target.mark(conn),
            "written": done.written,
        }
        await conn.execute(insert(batches).values(row | asdict(tally)))
        return tally

    def _original(self, plan: TablePlan, row_id: int) -> bytes:
        return original_json(plan.source, self.context.snapshot.original(plan.database, plan.source, row_id))


def row_key(plan: TablePlan, each: RowResult) -> str:
    """The key of the row that a source row became, in words; empty if it became none."""
    if plan.target is None or not each.rows:
        return ""
    positions = [plan.columns.index(name) for name in key_columns(plan.target)]
    return " ".join(str(each.rows[0][position]) for position in positions)


def _storable(text: str | None) -> str | None:
    """A text for the list of changes, with what PostgreSQL cannot hold written as an escape."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
