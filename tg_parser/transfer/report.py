"""The report of a migration: the counts of every table, and the list of every change and refusal."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import orjson
from sqlalchemy import Table, func, select

from tg_parser.domain.errors import OutputError
from tg_parser.domain.paths import why_not_written
from tg_parser.storage.engine.transactions import Database
from tg_parser.transfer.ledger import MigrationRun, Tally, changes, quarantine
from tg_parser.transfer.plan import RowResult, TablePlan
from tg_parser.transfer.target.port import TransferTarget
from tg_parser.transfer.verify import Verification
from tg_parser.transfer.write import row_key

PAGE = 1000


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table of the source: what became of its rows, the changes by kind, and why rows were refused."""

    table: str
    target: str | None
    tally: Tally
    changes: Mapping[str, int]
    reasons: Mapping[str, int]
    verification: Verification | None = None


@dataclass(slots=True)
class MigrationReport:
    """The whole migration. `files` says what each file of the source is, or that it is missing."""

    run_id: str | None
    dry_run: bool
    source: str
    target: str
    files: Mapping[str, str]
    channels: Mapping[str, str]
    tables: Sequence[TableReport] = field(default_factory=list)
    seconds: float = 0.0
    objection: str | None = None

    @property
    def accounted(self) -> bool:
        """Whether every row of every table was migrated or is in quarantine."""
        return all(table.tally.balanced for table in self.tables)

    @property
    def good(self) -> bool:
        """Whether every row is accounted for and, if requested, verified."""
        compared = [table.verification for table in self.tables if table.verification is not None]
        return self.objection is None and self.accounted and all(each.good for each in compared)

    def as_json(self) -> dict[str, Any]:
        """The report without its lists."""
        numbers = [_table_json(table) for table in self.tables]
        own = ("run_id", "dry_run", "source", "target", "files", "channels", "seconds", "objection")
        return {**{name: getattr(self, name) for name in own}, "good": self.good, "tables": numbers}


class Spool:
    """The lists of a dry run, in an unnamed temporary file: there may be many entries."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with this object

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, plan: TablePlan, each: RowResult) -> None:
        """Append what became of a row."""
        for entry in _entries(plan, each):
            self._file.write(orjson.dumps(entry) + b"\n")

    async def entries(self) -> AsyncIterator[dict[str, Any]]:
        """All entries so far."""
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)


async def noted_entries(target: TransferTarget, run: MigrationRun) -> AsyncIterator[dict[str, Any]]:
    """The lists of a run as stored in its target."""
    for home in target.homes:
        async for row in _rows(home, changes, run):
            yield {"table": row["table_name"], "key": row["row_key"], "column": row["column_name"]} | {
                "change": row["change"],
                "original": row["original"],
            }
    for home in target.homes:
        async for row in _rows(home, quarantine, run):
            yield {"table": row["table_name"], "row_id": row["row_id"], "quarantined": row["reason"]}


async def reasons_of(target: TransferTarget, run: MigrationRun) -> dict[str, dict[str, int]]:
    """The reasons in quarantine with their counts, by table."""
    reason = target.kind(quarantine.c.reason).label("why")
    counted = select(quarantine.c.table_name, reason, func.count().label("times"))
    grouped = counted.where(quarantine.c.run_id == run.run_id).group_by(quarantine.c.table_name, reason)
    found = dict[str, dict[str, int]]()
    for home in target.homes:
        for row in await home.rows(grouped.order_by(quarantine.c.table_name, reason)):
            found.setdefault(row["table_name"], {})[row["why"]] = row["times"]
    return found


async def write_report(path: Path, report: MigrationReport, entries: AsyncIterator[Mapping[str, Any]]) -> None:
    """Write the report as one JSON file; its lists are streamed. Raises OutputError."""
    head = orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2)
    with _whole_file(path) as file:
        file.write(head.removesuffix(b"\n}") + b',\n  "rows": [')
        separator = b"\n    "
        async for entry in entries:
            file.write(separator + orjson.dumps(entry))
            separator = b",\n    "
        file.write(b"\n  ]\n}\n")


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A temporary file that replaces `path` when it is complete."""
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        raise OutputError(
            f"The report {path} cannot be written: {why_not_written(error)}.", "Choose another place with --report."
        ) from error


async def _rows(database: Database, table: Table, run: MigrationRun) -> AsyncIterator[Mapping[str, Any]]:
    names = sorted({row["table_name"] for row in await database.rows(_names(table, run))})
    for name in names:
        after = -(2**63)
        while True:
            # The quarantined originals may be large, and the report does not repeat them.
            columns = [column for column in table.c if column is not quarantine.c.original]
            wanted = select(*columns).where(table.c.run_id == run.run_id, table.c.table_name == name)
            page = await database.rows(wanted.where(table.c.row_id > after).order_by(table.c.row_id).limit(PAGE))
            for row in page:
                yield row
            if len(page) < PAGE:
                break
            after = page[-1]["row_id"]


def _names(table: Table, run: MigrationRun) -> Any:
    return select(table.c.table_name).where(table.c.run_id == run.run_id).distinct()


def _entries(plan: TablePlan, each: RowResult) -> Iterator[dict[str, Any]]:
    if each.reason is not None:
        yield {"table": plan.name, "row_id": each.rowid, "quarantined": _escaped(each.reason)}
    for note in each.notes:
        if note.original is not None:
            yield {
                "table": plan.name,
                "key": _escaped(row_key(plan, each)),
                "column": note.column,
                "change": _escaped(note.change),
                "original": _escaped(note.original),
            }


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _table_json(table: TableReport) -> dict[str, Any]:
    tally = {name: getattr(table.tally, name) for name in Tally.__dataclass_fields__}
    own = {"table": table.table, "target": table.target, **tally, "changes": table.changes, "reasons": table.reasons}
    return {**own, "verification": _verification_json(table.verification)}


def _verification_json(each: Verification | None) -> dict[str, Any] | None:
    if each is None:
        return None
    digests = {"source_digest": f"{each.source_digest:032x}", "target_digest": f"{each.target_digest:032x}"}
    names = ("compared", "mismatches", "missing", "different", "unexpected")
    return {**{name: getattr(each, name) for name in names}, **digests, "good": each.good}
