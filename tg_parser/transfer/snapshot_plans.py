"""The plans for all tables of a snapshot, in the order in which their rows may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table

from tg_parser.domain.errors import StorageError
from tg_parser.storage.engine.migrator import version_table
from tg_parser.storage.engine.sqlite_files import SourceFile
from tg_parser.storage.tables import DATABASES, METADATA
from tg_parser.storage.tables.processing import DERIVED, DERIVED_COLUMNS, SEARCH_WORDS
from tg_parser.transfer.legacy.channels import Channels
from tg_parser.transfer.legacy.mapped import MESSAGES, NO_MESSAGES, LegacyTable, prepare
from tg_parser.transfer.legacy.rules import require_parent
from tg_parser.transfer.legacy.tables import LEGACY
from tg_parser.transfer.plan import Context, TablePlan, Values, build_plan, homeless_plan
from tg_parser.transfer.rows.fields import Note, field_of
from tg_parser.transfer.source.snapshot import Snapshot

NOTES = "migration_"
"""What an earlier migration into the file recorded there stays with the file."""
PARENTS = {"ingestion_state": "source_id", "topics": "id"}
"""Targets that other rows point to, with the column of the source that they point to."""


def plans_of(snapshot: Snapshot) -> list[TablePlan]:
    """One plan for each table; those without a counterpart come last. Raises StorageError for unknown columns."""
    prepare(snapshot.connection, snapshot.files)
    raw, found = snapshot.files.get("raw"), list[TablePlan]()
    with_messages = raw is not None and "raw_messages" in raw.tables
    for database in DATABASES:
        file = snapshot.files.get(database)
        if file is None or file.format == "empty":
            continue
        legacy = file.format != "present"
        known = list(_legacy_plans(file, with_messages=with_messages) if legacy else _present_plans(file))
        taken = {plan.source for plan in known} | {version_table(database)} | DERIVED
        found += known + [
            homeless_plan(database, name)
            for name in file.tables
            if name not in taken and not name.startswith((NOTES, SEARCH_WORDS))
        ]
    return found


def channels_of(snapshot: Snapshot) -> Channels:
    """How the files of the earlier version spelled channels; files of this version need no change."""
    legacy = {name: file for name, file in snapshot.files.items() if file.format.startswith("legacy")}
    sources = list[tuple[str, str | None]]()
    if "ingestion" in legacy:
        rows = snapshot.connection.execute("SELECT channel_id, channel_username FROM ingestion.sources")
        sources = [(str(channel), name if isinstance(name, str) else None) for channel, name in rows]
    writings = {channel for channel, _ in sources}
    for database, table in (("raw", "raw_messages"), ("processing", "processed_documents")):
        if database in legacy:
            writings |= set(_written_channels(snapshot, f"{database}.{table}"))
    return Channels(writings, sources)


def _written_channels(snapshot: Snapshot, table: str) -> Iterator[str]:
    """The channels in the refs of a table, each found by one step through the index of refs."""
    step, after = f"SELECT min(source_ref) FROM {table} WHERE source_ref > ?", ""
    while True:
        (ref,) = snapshot.connection.execute(step, (after,)).fetchone()
        if not isinstance(ref, str):
            return
        prefix, _, rest = ref.partition(":")
        channel, colon, _ = rest.partition(":")
        if prefix == "tg" and channel and colon:
            yield channel
            after = f"tg:{channel};"
        else:
            after = ref


def _present_plans(file: SourceFile) -> Iterator[TablePlan]:
    for table in METADATA[file.database].sorted_tables:
        if table.name not in file.tables or table.name in DERIVED:
            continue
        _require_known(file, table.name, {column.name for column in table.c})
        there = set(file.tables[table.name])
        expressions = {column.name: f"t.{column.name}" for column in table.c if column.name in there - DERIVED_COLUMNS}
        _require_all(file, table, there)
        parent = _parent(table)
        if parent is None:
            yield build_plan(file.database, table.name, table, expressions)
            continue
        name, of, column = parent
        exists = f"EXISTS (SELECT 1 FROM {file.database}.{of} AS p WHERE p.{name} = t.{column})"
        rule, plain = _parent_rule(of, column)
        yield build_plan(
            file.database, table.name, table, expressions, helpers={"parent": exists}, rule=rule, plain=plain
        )


def _legacy_plans(file: SourceFile, *, with_messages: bool) -> Iterator[TablePlan]:
    for mapped in LEGACY[file.database]:
        if mapped.source not in file.tables or (mapped.source == "topic_bundles" and "topic_cards" not in file.tables):
            continue
        _require_known(file, mapped.source, mapped.known_columns())
        yield _legacy_plan(mapped, file.tables[mapped.source], with_messages=with_messages)


def _legacy_plan(mapped: LegacyTable, there: Sequence[str], *, with_messages: bool) -> TablePlan:
    return build_plan(
        mapped.database,
        mapped.source,
        mapped.target,
        mapped.expressions(mapped.columns, there),
        joins=mapped.joins if with_messages else mapped.joins.replace(MESSAGES, NO_MESSAGES),
        helpers=mapped.expressions(mapped.helpers, there),
        rule=mapped.rule,
        plain=mapped.plain,
    )


def _parent(table: Table) -> tuple[str, str, str] | None:
    """The parent's key column, the parent's name and the column that points to it."""
    for key in table.foreign_keys:
        return key.column.name, key.column.table.name, key.parent.name
    return None


def _parent_rule(parent: str, column: str) -> tuple[Any, Any]:
    def rule(values: Values, _notes: list[Note], context: Context) -> list[Values]:
        require_parent(values, context, parent, column)
        return [values]

    def plain(columns: Mapping[str, Sequence[Any]], context: Context) -> bool:
        return all(columns["parent"]) and not context.refused.get(parent)

    return rule, plain


def _require_known(file: SourceFile, table: str, known: set[str]) -> None:
    unknown = sorted(set(file.tables[table]) - known)
    if unknown:
        raise StorageError(
            f"{table} in {file.path} has columns that this version does not know: {', '.join(unknown)}.",
            "They would be lost. Use the version of TG_parser that wrote the file, or a newer one.",
        )


def _require_all(file: SourceFile, table: Table, there: set[str]) -> None:
    fields = [field_of(column) for column in table.c if column.name not in there]
    missing = sorted(field.name for field in fields if field.required and field.default is None)
    if missing:
        raise StorageError(
            f"{table.name} in {file.path} lacks columns of this version: {', '.join(missing)}.",
            case="columns_missing",
            table=table.name,
        )
