"""The contents of a PostgreSQL database, as one transaction sees them: revisions, and a digest of every table."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from tg_parser.backup.manifest import Contents, TableFacts
from tg_parser.backup.thread import BackupThread
from tg_parser.domain.errors import BackupError
from tg_parser.domain.progress import Progress
from tg_parser.storage.engine.migrator import version_table
from tg_parser.storage.tables import DATABASES

Connection = psycopg.Connection[Any]

MIB = 1 << 20


def contents(connection: Connection, place: str, thread: BackupThread) -> Contents:
    """Every table of the database except those of extensions. Raises BackupError if none of them is ours."""
    schemas = {name: _revision(connection, version_table(name)) for name in DATABASES}
    known = {name: revision for name, revision in schemas.items() if revision is not None}
    if len(known) < len(DATABASES):
        missing = next(name for name in DATABASES if name not in known)
        raise BackupError(f"{place} has no {missing} schema of TG_parser.", case="no_schema_to_back_up", place=place)
    reader = _CopyHasher(connection, thread)
    return Contents(schemas=known, tables={table.name: reader.digest(table) for table in tables(connection)})


class OrderedTable(NamedTuple):
    """A table and the columns that order its rows; if there are none, the text of the whole row does."""

    schema: str
    table: str
    key: list[str]
    collatable: list[bool]

    @property
    def name(self) -> str:
        """For people and manifests."""
        return f"{self.schema}.{self.table}"

    @property
    def identifier(self) -> sql.Identifier:
        """For SQL."""
        return sql.Identifier(self.schema, self.table)

    @property
    def order(self) -> sql.Composable:
        """ORDER BY that gives the same order on every server, whatever its locale."""
        columns: list[sql.Composable] = [
            sql.SQL('t.{} COLLATE "C"' if collatable else "t.{}").format(sql.Identifier(name))
            for name, collatable in zip(self.key, self.collatable, strict=True)
        ]
        return sql.SQL(", ").join(columns or [sql.SQL('t::text COLLATE "C"')])


def tables(connection: Connection) -> list[OrderedTable]:
    """Every table of the database except those of extensions."""
    return [OrderedTable._make(row) for row in connection.execute(_TABLES_SQL)]


def holdings(connection: Connection) -> list[str]:
    """The tables that have rows, in words."""
    found = [table for table in tables(connection) if not table.table.startswith("alembic_version")]
    counted = [(table.name, _count(connection, table)) for table in found]
    return [f"{name}: {rows} rows" for name, rows in counted if rows]


class _CopyHasher:
    """Hashes COPY's own text: fast, and each row is a line."""

    def __init__(self, connection: Connection, thread: BackupThread) -> None:
        self._connection = connection
        self._thread = thread
        self._bytes = 0

    def digest(self, table: OrderedTable) -> TableFacts:
        """The digest of all rows in order."""
        digest, rows, reported = hashlib.sha256(), 0, self._bytes // MIB
        statement = sql.SQL("COPY (SELECT t.* FROM {} AS t ORDER BY {}) TO STDOUT").format(
            table.identifier, table.order
        )
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for data in copy:
                digest.update(data)
                rows += bytes(data).count(b"\n")
                self._bytes += len(data)
                if self._bytes // MIB > reported:
                    reported = self._bytes // MIB
                    self._thread.tell(Progress("MiB compared", reported))
        return TableFacts(rows=rows, digest=digest.hexdigest())


def _revision(connection: Connection, table: str) -> str | None:
    exists = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    if not exists or not exists[0]:
        return None
    row = connection.execute(sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(table))).fetchone()
    return str(row[0]) if row else None


def _count(connection: Connection, table: OrderedTable) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.identifier)).fetchone()
    return int(row[0]) if row else 0


# The primary key, else the first unique index that covers every row and allows no NULL.
_TABLES_SQL = r"""
SELECT n.nspname, c.relname, coalesce(ordered.names, '{}'), coalesce(ordered.collatable, '{}')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT array_agg(a.attname::text ORDER BY k.position) AS names,
           array_agg(a.attcollation <> 0 ORDER BY k.position) AS collatable
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    GROUP BY i.indexrelid, i.indisprimary
    HAVING bool_and(a.attnotnull)
    ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1
) AS ordered ON true
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""
