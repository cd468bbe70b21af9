"""Migrates SQLite files into PostgreSQL or new files: check every row, write, then compare; resumable after a kill.

open_snapshot → plans_of → examine (first pass, nothing written) → Writer (second pass) → Verifier → report
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tg_parser.domain.errors import UsageError
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.sqlite_files import FILE_NAMES
from tg_parser.transfer.ledger import MigrationLedger, MigrationRun, OnConflict, Tally, new_run
from tg_parser.transfer.numbers import require_right_numbers
from tg_parser.transfer.plan import Context, RowResult, TablePlan
from tg_parser.transfer.report import (
    MigrationReport,
    Spool,
    TableReport,
    noted_entries,
    reasons_of,
    write_report,
)
from tg_parser.transfer.rollback import rollback
from tg_parser.transfer.snapshot_plans import channels_of, plans_of
from tg_parser.transfer.source.snapshot import Snapshot, open_snapshot
from tg_parser.transfer.target.opening import (
    LOCK,
    finish,
    require_fit,
    require_other_place,
    require_room,
    target_of,
    upgrade,
)
from tg_parser.transfer.validate import Findings, RowRange, examine
from tg_parser.transfer.verify import Verification, Verifier
from tg_parser.transfer.write import Writer

__all__ = ["BATCH_SIZE", "MigrationOptions", "MigrationReport", "migrate", "rollback"]

BATCH_SIZE = 20_000


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What a user chose."""

    dry_run: bool = False
    verify: bool = False
    resume: bool = False
    batch_size: int = BATCH_SIZE
    on_conflict: OnConflict = "fail"
    report: Path | None = None


async def migrate(
    databases: Databases, folder: Path, options: MigrationOptions, report: ReportProgress = silent
) -> MigrationReport:
    """Bring the SQLite files of `folder` into `databases`. Raises StorageError, UsageError, BusyError."""
    require_other_place(databases, folder)
    await require_fit(databases)
    with open_snapshot(folder) as snapshot:
        require_right_numbers(snapshot)
        migration = _Migration(databases, snapshot, folder, options, report)
        if options.dry_run:
            return await migration.rehearse()
        async with databases.locks.exclusive(LOCK):
            return await migration.perform()


class _Migration:
    """One migration from the first check to the report."""

    def __init__(
        self, databases: Databases, snapshot: Snapshot, folder: Path, options: MigrationOptions, report: ReportProgress
    ) -> None:
        self._databases = databases
        self._snapshot = snapshot
        self._folder = str(folder.resolve())
        self._options = options
        self._progress = report
        self._started = time.monotonic()
        self._target = target_of(databases)
        self._ledger = MigrationLedger(self._target.homes)
        plans = plans_of(snapshot)
        self._context = Context(snapshot, channels_of(snapshot))
        self._plans = plans
        self._total = sum(snapshot.count(plan.database, plan.source) for plan in plans)

    async def rehearse(self) -> MigrationReport:
        """The first pass alone; neither side is changed."""
        objection = None
        try:
            await require_room(self._databases, self._options.on_conflict)
        except UsageError as error:
            objection = error.message
        with Spool() as spool:
            findings = await self._examine(spool)
            report = self._report(None, [_report_of(each, each.tally, each.reasons, None) for each in findings])
            report.objection = objection
            if self._options.report is not None:
                await write_report(self._options.report, report, spool.entries())
        return report

    async def perform(self) -> MigrationReport:
        """All passes."""
        await upgrade(self._databases)
        await self._ledger.create()
        run = await self._run()
        findings = await self._examine(None)
        await self._write(run, findings)
        await finish(
            self._databases, self._target, [each.plan.target for each in findings if each.plan.target is not None]
        )
        verified = await self._verify(run, findings) if self._options.verify else {}
        tallies, reasons = await self._ledger.tallies(run), await reasons_of(self._target, run)
        tables = [
            _report_of(
                each,
                replace(tallies.get(each.plan.name, Tally()), rows=each.tally.rows),
                reasons.get(each.plan.name, {}),
                verified.get(each.plan.name),
            )
            for each in findings
        ]
        report = self._report(run, tables)
        if report.good:
            await self._ledger.change(run, state="finished", finished_at=utc_now())
        if self._options.report is not None:
            await write_report(self._options.report, report, noted_entries(self._target, run))
        return report

    async def _run(self) -> MigrationRun:
        """The run to continue, or a new one: a process killed early enough has left nothing."""
        marks = {str(name): file.fingerprint for name, file in self._snapshot.files.items()}
        unfinished = await self._ledger.find(state="running")
        if unfinished is None and self._options.resume:
            unfinished = await self._ledger.find(state="finished")
        if unfinished is None:
            await require_room(self._databases, self._options.on_conflict)
            run = new_run(self._folder, marks, self._options.on_conflict, utc_now())
            await self._target.note_what_is_there(run.run_id)
            return await self._ledger.begin(run, self._target.mark)
        self._require_resumable(unfinished)
        await self._take_back_changed(unfinished, marks)
        return unfinished

    def _require_resumable(self, run: MigrationRun) -> None:
        if not self._options.resume:
            raise UsageError(
                f"The migration {run.run_id} into this target is not finished.",
                f"Continue it with --resume, or undo it with --rollback {run.run_id}",
            )
        if run.source != self._folder:
            raise UsageError(f"The migration {run.run_id} is for {run.source}.", "Give that folder with --sqlite-dir.")

    async def _take_back_changed(self, run: MigrationRun, marks: Mapping[str, str]) -> None:
        """Rows from a file that has changed since are removed and migrated anew, because they may differ now."""
        names = {each.name for each in self._databases.all if run.files.get(each.name) != marks.get(each.name)}
        if "raw" in names:
            # Documents and cursors of the earlier version take facts from the messages.
            names |= {name for name, file in self._snapshot.files.items() if file.format.startswith("legacy")}
        changed = [each for each in self._databases.all if each.name in names]
        if changed:
            await self._target.undo(run, changed, state="running")
            await self._ledger.change(run, files=dict(marks))

    async def _examine(self, spool: Spool | None) -> list[Findings]:
        done, found = 0, list[Findings]()
        on_problem = spool.add if spool is not None else _ignore
        for plan in self._plans:
            findings = Findings(plan)
            for findings in examine(plan, self._context, self._options.batch_size, on_problem):
                self._progress(Progress("check", done + findings.tally.rows, self._total))
                # The pass itself never awaits anything; this lets Ctrl-C in.
                await asyncio.sleep(0)
            done += findings.tally.rows
            found.append(findings)
        return found

    async def _write(self, run: MigrationRun, findings: Sequence[Findings]) -> None:
        writer, done = Writer(self._target, self._context, run), 0
        for each in findings:
            reached = await self._ledger.reached(run, each.plan.name)
            for batch in each.batches:
                rest = self._rest(each.plan, batch, reached)
                if rest.rows:
                    await writer.write(each.plan, rest)
                done += batch.rows
                self._progress(Progress("copy", done, self._total))

    def _rest(self, plan: TablePlan, batch: RowRange, reached: int | None) -> RowRange:
        """The part of a batch that an earlier process has not written; its batches may have had other bounds."""
        if reached is None or reached <= batch.after:
            return batch
        if reached >= batch.upto:
            return replace(batch, rows=0)
        rows = self._snapshot.count(plan.database, plan.source, reached, batch.upto)
        return replace(batch, after=reached, rows=rows)

    async def _verify(self, run: MigrationRun, findings: Sequence[Findings]) -> dict[str, Verification]:
        verifier, done = Verifier(self._target, self._context, run), 0
        found = dict[str, Verification]()
        for each in findings:
            async for result in verifier.compare(each.plan, each.batches):
                found[each.plan.name] = result
                self._progress(Progress("verify", done + result.compared, self._total))
            # Rows in quarantine are not compared.
            done += each.tally.rows
            self._progress(Progress("verify", done, self._total))
        return found

    def _report(self, run: MigrationRun | None, tables: Sequence[TableReport]) -> MigrationReport:
        files = {
            FILE_NAMES[name]: self._snapshot.files[name].format if name in self._snapshot.files else "missing"
            for name in FILE_NAMES
        }
        return MigrationReport(
            run_id=run.run_id if run is not None else None,
            dry_run=run is None,
            source=self._folder,
            target=self._databases.processing.place,
            files=files,
            channels=self._context.channels.renamed,
            tables=tables,
            seconds=round(time.monotonic() - self._started, 3),
        )


def _ignore(_plan: TablePlan, _verdict: RowResult) -> None:
    """The run keeps its list in the target."""


def _report_of(
    findings: Findings, tally: Tally, reasons: Mapping[str, int], verification: Verification | None
) -> TableReport:
    target = findings.plan.target.name if findings.plan.target is not None else None
    return TableReport(
        findings.plan.name, target, tally, dict(sorted(findings.changes.items())), dict(reasons), verification
    )
