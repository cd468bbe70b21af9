"""How one table of a file becomes rows of the target; pure except for the queries a rule sends to the snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Table

from tg_parser.storage.engine.sqlite_names import quoted
from tg_parser.storage.tables import DatabaseName
from tg_parser.transfer.legacy.channels import Channels
from tg_parser.transfer.rows.checks import fit_as_they_are
from tg_parser.transfer.rows.fields import SANITIZED, Field, InvalidRowError, Note, field_of
from tg_parser.transfer.rows.values import fitted
from tg_parser.transfer.source.snapshot import Snapshot, SqliteRow

Values = dict[str, Any]
Chunk = Sequence[SqliteRow]


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may ask: the snapshot, the channels' canonical ids, and which parents were refused so far."""

    snapshot: Snapshot
    channels: Channels
    refused: dict[str, set[str]] = field(default_factory=dict)


Rule = Callable[[Values, list[Note], Context], list[Values]]
"""Takes a row's values by name and returns those of the rows it becomes. Raises InvalidRowError."""
Plain = Callable[[Mapping[str, Sequence[Any]], Context], bool]
"""Whether the rule would change nothing in a chunk, given its columns by name."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """`select` returns the fields, then helper columns for the rule, then the rowid.

    A plan without `target` is for rows that have no table in this version.
    """

    database: DatabaseName
    source: str
    target: Table | None
    fields: tuple[Field, ...]
    select: str
    helpers: tuple[str, ...] = ()
    rule: Rule | None = None
    plain: Plain | None = None
    homeless: str = "no table in this version"

    @property
    def name(self) -> str:
        """The table's name for people, with its database."""
        return f"{self.database}.{self.source}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are written."""
        return tuple(field.name for field in self.fields)


class RowResult(NamedTuple):
    """The outcome for one row: the rows to write with the changes made, or the reason it is refused."""

    rowid: int
    rows: Sequence[SqliteRow]
    notes: Sequence[Note] = ()
    reason: str | None = None
    values: Values | None = None


def key_columns(table: Table) -> tuple[str, ...]:
    """The key columns of the target."""
    if table.primary_key.columns:
        return tuple(column.name for column in table.primary_key.columns)
    unique = next(index for index in sorted(table.indexes, key=lambda each: str(each.name)) if index.unique)
    return tuple(column.name for column in unique.columns)


def build_plan(
    database: DatabaseName,
    source: str,
    target: Table,
    expressions: Mapping[str, str],
    *,
    joins: str = "",
    helpers: Mapping[str, str] | None = None,
    rule: Rule | None = None,
    plain: Plain | None = None,
) -> TablePlan:
    """A plan whose columns are SQL `expressions` over the source table `t` and its `joins`."""
    extra = dict(helpers or {})
    listing = ", ".join([*expressions.values(), *extra.values(), "t.rowid"])
    return TablePlan(
        database=database,
        source=source,
        target=target,
        fields=tuple(field_of(target.c[name]) for name in expressions),
        select=f"SELECT {listing} FROM {database}.{quoted(source)} AS t {joins}",
        helpers=tuple(extra),
        rule=rule,
        plain=plain,
    )


def homeless_plan(database: DatabaseName, source: str) -> TablePlan:
    """The plan of a table that has no counterpart: every row goes into quarantine."""
    return TablePlan(database, source, None, (), f"SELECT t.rowid FROM {database}.{quoted(source)} AS t")


def is_clean(plan: TablePlan, chunk: Chunk, context: Context) -> bool:
    """Whether the rows of a chunk may be written unchanged."""
    columns = list(zip(*chunk, strict=True))
    if plan.target is None or not fit_as_they_are(columns, plan.fields):
        return False
    if plan.rule is None:
        return True
    names = (*plan.columns, *plan.helpers)
    return plan.plain is not None and plan.plain(dict(zip(names, columns, strict=False)), context)


def verdict(plan: TablePlan, row: SqliteRow, context: Context) -> RowResult:
    """Return the outcome for a row."""
    names, notes = (*plan.columns, *plan.helpers), list[Note]()
    values = dict(zip(names, row, strict=False))
    try:
        if plan.target is None:
            raise InvalidRowError(plan.homeless)
        made = plan.rule(values, notes, context) if plan.rule else [values]
        return RowResult(row[-1], [_fit_row(plan.fields, each, notes) for each in made], notes)
    except InvalidRowError as invalid:
        return RowResult(row[-1], (), (), str(invalid), dict(zip(names, row, strict=False)))


def _fit_row(fields: Sequence[Field], values: Values, notes: list[Note]) -> SqliteRow:
    before = len(notes)
    fit = {field.name: fitted(values[field.name], field, notes) for field in fields}
    for each in fields:
        if fit[each.name] is None and each.required:
            fit[each.name] = _stand_in(each, fit)
            notes.append(Note(each.name, f"{each.fallback or each.default} stands in"))
    if "text_sanitized" in fit and any(note.change in SANITIZED for note in notes[before:]):
        fit["text_sanitized"] = 1
    return tuple(fit.values())


def _stand_in(missing: Field, fit: Values) -> Any:
    value = fit.get(missing.fallback) if missing.fallback else missing.default
    if value is None:
        raise InvalidRowError(f"{missing.name} is missing")
    return value


_REF = re.compile(r"tg:([^:\s]+):(post|comment):([^:\s]+)")


def ref_parts(ref: Any) -> tuple[str, str, str]:
    """Channel, message type and id of a source_ref. Raises InvalidRowError."""
    match = _REF.fullmatch(ref) if isinstance(ref, str) else None
    if match is None:
        raise InvalidRowError("source_ref is not tg:<channel>:<post|comment>:<message id>")
    return match[1], match[2], match[3]
