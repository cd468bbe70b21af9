"""Writes rows into PostgreSQL by COPY; if one may already exist, through a temporary table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.transfer.ledger import OnConflict
from tg_parser.transfer.target.port import Destination, Merged
from tg_parser.transfer.validate import Tagged

Driver = psycopg.AsyncConnection[Any]


def statement(to: Destination, template: LiteralString, **more: sql.Composable) -> sql.Composed:
    """`template` with {table}, {listing}, {same_key} and {same_row} of `i` (incoming) and `t` (the target)."""
    keys = [sql.Identifier(name) for name in to.keys]
    names = [sql.Identifier(name) for name in to.columns]
    mine = sql.SQL(", ").join(sql.SQL("i.{}").format(name) for name in names)
    theirs = sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names)
    return sql.SQL(template).format(
        table=sql.Identifier(to.table.name),
        listing=sql.SQL(", ").join(names),
        keys=sql.SQL(", ").join(keys),
        same_key=sql.SQL(" AND ").join(sql.SQL("i.{0} = t.{0}").format(key) for key in keys),
        same_row=sql.SQL("ROW({}) IS NOT DISTINCT FROM ROW({})").format(mine, theirs),
        update=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names),
        **more,
    )


async def driver_of(conn: AsyncConnection) -> Driver:
    """psycopg's own connection under SQLAlchemy's."""
    driver = (await conn.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError("a migration needs psycopg's own connection")
    return driver


async def copy_into(driver: Driver, to: Destination, rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into the target; an existing key fails the transaction. Returns the number of rows."""
    async with driver.cursor() as cursor:
        async with cursor.copy(statement(to, "COPY {table} ({listing}) FROM STDIN")) as copy:
            for row in rows:
                await copy.write_row(row)
        return cursor.rowcount


async def merge_into(driver: Driver, to: Destination, rows: Iterable[Tagged], policy: OnConflict) -> Merged:
    """Write rows with new keys; replace others if `policy` says so and they were not written by this run."""
    met = dict[int, bool]()
    async with driver.cursor() as cursor:
        await cursor.execute(statement(to, _INCOMING))
        async with cursor.copy(statement(to, "COPY incoming ({listing}, migration_row_id) FROM STDIN")) as copy:
            for row_id, row in rows:
                await copy.write_row((*row, row_id))
        there = statement(to, _THERE, only=statement(to, _SAME_OR_OURS if policy == "replace" else "true"))
        for query in (statement(to, _TWICE), there):
            await cursor.execute(query, {"run": to.run_id})
            for row_id, same in await cursor.fetchall():
                met[row_id] = met.get(row_id, True) and same
        if policy == "replace":
            await cursor.execute(statement(to, _KEEP_REPLACED), {"run": to.run_id, "target": to.table.name})
            await cursor.execute(statement(to, _INSERT + _UPDATE))
        else:
            await cursor.execute(statement(to, _INSERT))
        written = cursor.rowcount
        await cursor.execute("DROP TABLE incoming")
    return Merged(written, met)


_INCOMING = """
CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
SELECT {listing}, 0::bigint AS migration_row_id FROM {table} WITH NO DATA
"""
_TWICE = """
DELETE FROM incoming AS i USING incoming AS t
WHERE {same_key} AND t.ctid < i.ctid RETURNING i.migration_row_id, {same_row}
"""
_THERE = """
DELETE FROM incoming AS i USING {table} AS t WHERE {same_key} AND ({only}) RETURNING i.migration_row_id, {same_row}
"""
OF_RUN = """t.xmin::text::bigint IN (
SELECT mod(b.xid, 4294967296) FROM migration_batches AS b WHERE b.run_id = %(run)s AND b.target IS NOT NULL)"""
_SAME_OR_OURS = "{same_row} OR " + OF_RUN
_KEEP_REPLACED = """
INSERT INTO migration_replaced (run_id, target, original)
SELECT %(run)s, %(target)s, to_jsonb(t) FROM {table} AS t JOIN incoming AS i ON {same_key}
"""
_INSERT = "INSERT INTO {table} ({listing}) SELECT {listing} FROM incoming"
_UPDATE = " ON CONFLICT ({keys}) DO UPDATE SET {update}"
