"""A table of the earlier version as SQL, and what must be counted in SQLite before its rows can be read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Table

from tg_parser.storage.engine.sqlite_files import SourceFile
from tg_parser.storage.tables import DatabaseName
from tg_parser.transfer.plan import Plain, Rule


class LegacyTable(NamedTuple):
    """A table of the earlier version: `columns` are SQL expressions; `ignored` columns have no counterpart."""

    database: DatabaseName
    source: str
    target: Table
    columns: Mapping[str, str]
    joins: str = ""
    helpers: Mapping[str, str] = {}
    rule: Rule | None = None
    plain: Plain | None = None
    ignored: frozenset[str] = frozenset()

    def known_columns(self) -> set[str]:
        """The columns of the source that have a counterpart or are ignored."""
        used = " ".join([*self.columns.values(), *self.helpers.values()])
        return set(re.findall(r"\bt\.(\w+)", used)) | self.ignored

    def expressions(self, which: Mapping[str, str], there: Iterable[str]) -> dict[str, str]:
        """The expressions, with NULL for columns that this file lacks."""
        present = {*there, "rowid"}
        pattern = re.compile(r"\bt\.(\w+)")
        return {
            name: pattern.sub(lambda match: match[0] if match[1] in present else "NULL", expression)
            for name, expression in which.items()
        }


def prepare(connection: sqlite3.Connection, files: Mapping[DatabaseName, SourceFile]) -> None:
    """Number the logged conflicts of every message, count those that left its text unchanged, find current bundles."""
    for statement in _TEMPORARY:
        connection.execute(statement)
    raw, processing = files.get("raw"), files.get("processing")
    if processing is not None and "topic_bundles" in processing.tables:
        connection.execute(
            "INSERT INTO temp.current_bundles SELECT topic_id, max(rowid) FROM processing.topic_bundles"
            " WHERE time_from IS NULL AND time_to IS NULL AND topic_id IS NOT NULL GROUP BY topic_id"
        )
    if raw is not None and "raw_conflicts" in raw.tables:
        _number_conflicts(connection)


MESSAGES, NO_MESSAGES = "raw.raw_messages", "no_messages"
"""Where documents look up their messages; if there is no file of messages, in an empty table of the same shape."""
_TEMPORARY = (
    "CREATE TEMP TABLE conflict_log (at INTEGER PRIMARY KEY, source_ref TEXT, revision INTEGER)",
    "CREATE TEMP TABLE conflict_counts (source_ref TEXT PRIMARY KEY, newest INTEGER, same INTEGER)",
    "CREATE TEMP TABLE current_bundles (topic_id TEXT PRIMARY KEY, at INTEGER)",
    f"CREATE TEMP TABLE {NO_MESSAGES} (source_ref, id, message_type, date, thread_id, parent_message_id)",
)


def _number_conflicts(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO temp.conflict_log SELECT rowid, source_ref,"
        " row_number() OVER (PARTITION BY source_ref ORDER BY id, rowid) FROM raw.raw_conflicts"
    )
    connection.execute("CREATE INDEX temp.conflicts_of_message ON conflict_log (source_ref, revision)")
    connection.execute(
        "INSERT INTO temp.conflict_counts SELECT g.source_ref, max(g.revision),"
        " coalesce(min(CASE WHEN c.new_text <> m.text THEN g.revision END) - 1, max(g.revision))"
        " FROM temp.conflict_log AS g JOIN raw.raw_conflicts AS c ON c.rowid = g.at"
        " JOIN raw.raw_messages AS m ON m.source_ref = g.source_ref GROUP BY g.source_ref"
    )
