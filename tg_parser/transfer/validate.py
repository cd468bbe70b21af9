"""The first pass: every row is checked and nothing is written. It divides the tables into batches and records which are
clean, so that the second pass need not check them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tg_parser.transfer.ledger import Tally
from tg_parser.transfer.plan import Chunk, Context, RowResult, TablePlan, is_clean, verdict
from tg_parser.transfer.rows.fields import kind_of
from tg_parser.transfer.snapshot_plans import PARENTS
from tg_parser.transfer.source.snapshot import LOWEST

MOST_REFUSED, MOST_LISTED = 200, 2000
"""A batch ends after so many refused rows or listed changes: their originals are held in memory until written."""

Tagged = tuple[int, Sequence[Any]]
"""A row to write with the row id it comes from."""
OnProblem = Callable[[TablePlan, RowResult], None]


@dataclass(frozen=True, slots=True)
class RowRange:
    """The rows with a row id in (after, upto]; those of a clean range may be written unchanged."""

    after: int
    upto: int
    rows: int
    clean: bool


@dataclass(slots=True)
class Findings:
    """The findings of the first pass for a table."""

    plan: TablePlan
    batches: list[RowRange] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    changes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def examine(plan: TablePlan, context: Context, size: int, on_problem: OnProblem) -> Iterator[Findings]:
    """Check every row of a table; yields the growing findings after each batch. `on_problem` gets every problem row."""
    findings, growing = Findings(plan), _Growing()
    for chunk in context.snapshot.chunks(plan.select):
        verdicts = () if is_clean(plan, chunk, context) else verdicts_of(plan, chunk, context)
        findings.tally += _tally(len(chunk), verdicts)
        for each in verdicts:
            if each.reason or each.notes:
                on_problem(plan, each)
                _count(findings, each, context)
        growing.add(chunk, verdicts)
        if growing.full(size):
            findings.batches.append(growing.cut())
            yield findings
    if growing.rows:
        findings.batches.append(growing.cut())
    yield findings


def batch_rows(
    plan: TablePlan, batch: RowRange, context: Context, on_checked: Callable[[RowResult], None]
) -> Iterator[Tagged]:
    """The rows of a batch to write, each with its source row id; `on_checked` gets every row that was checked alone."""
    width = len(plan.columns)
    for chunk in context.snapshot.chunks(plan.select, batch.after, batch.upto):
        if batch.clean or is_clean(plan, chunk, context):
            for row in chunk:
                yield row[-1], row[:width]
            continue
        for each in verdicts_of(plan, chunk, context):
            on_checked(each)
            for row in each.rows:
                yield each.rowid, row


def verdicts_of(plan: TablePlan, chunk: Chunk, context: Context) -> list[RowResult]:
    """Return the outcome for each row of a chunk."""
    return [verdict(plan, row, context) for row in chunk]


def _tally(rows: int, verdicts: Sequence[RowResult]) -> Tally:
    refused = sum(each.reason is not None for each in verdicts)
    changed = sum(bool(each.notes) for each in verdicts)
    return Tally(rows=rows, migrated=rows - refused, changed=changed, quarantined=refused)


def _count(findings: Findings, each: RowResult, context: Context) -> None:
    if each.reason is None:
        findings.changes.update({f"{note.column}: {kind_of(note.change)}" for note in each.notes})
        return
    findings.reasons[kind_of(each.reason)] += 1
    target = findings.plan.target
    if target is not None and target.name in PARENTS and each.values is not None:
        refused = context.refused.setdefault(target.name, set())
        refused.add(each.values[PARENTS[target.name]])


@dataclass(slots=True)
class _Growing:
    after: int = LOWEST
    upto: int = LOWEST
    rows: int = 0
    refused: int = 0
    listed: int = 0
    clean: bool = True

    def full(self, size: int) -> bool:
        return self.rows >= size or self.refused >= MOST_REFUSED or self.listed >= MOST_LISTED

    def add(self, chunk: Chunk, verdicts: Sequence[RowResult]) -> None:
        self.upto = chunk[-1][-1]
        self.rows += len(chunk)
        self.refused += sum(each.reason is not None for each in verdicts)
        self.listed += sum(note.original is not None for each in verdicts for note in each.notes)
        self.clean = self.clean and not verdicts

    def cut(self) -> RowRange:
        batch = RowRange(self.after, self.upto, self.rows, self.clean)
        self.after, self.rows, self.refused, self.listed, self.clean = self.upto, 0, 0, 0, True
        return batch
