"""Pages of messages or documents in an order that no insert and no edit changes.

A page costs two or three queries in one transaction, whatever it skips: how far to look, which rows, and the rows.
Each channel is read along its index, and they are merged. What no index finds (a language, words, …) is looked for in
a bounded number of rows: then a page may be short, or even empty, although the list goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Select, literal, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.pages import Order, Position
from tg_parser.storage.engine.dialects import Dialect
from tg_parser.storage.engine.transactions import Database, channel_range, rows_of

Row = Mapping[str, Any]
Condition = ColumnElement[bool]
Statement = Select[*tuple[Any, ...]]

EXAMINED = 80
EXAMINED_FOR_WORDS = 12
"""Rows that a page examines per item of its size when no index helps, so that every page is fast."""
LEAST_SIZE = 50
"""Smaller pages look as far as one of this size."""
CHANNELS_A_QUERY = 100
"""Of more channels than these, rows are read in the order of all channels, and looked at one by one."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a page; `end` is the start of the next page, or None at the end of the list."""

    rows: Sequence[Row]
    end: Position | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows to read, by how they are found.

    `sent` is a half-open span of dates. `along` are conditions that an index serves together with channel and order;
    `picked` those that find rows by another way, such as a topic; `filters` those that each row must be looked at for,
    `examined` rows for each item of a page.
    """

    channel_ids: Sequence[str] | None = None
    sent: tuple[datetime | None, datetime | None] = (None, None)
    along: Sequence[Condition] = ()
    picked: Sequence[Condition] = ()
    filters: Sequence[Condition] = ()
    examined: int = EXAMINED


@dataclass(frozen=True, slots=True)
class _Search:
    """Read each of `parts` along an index, with a limit on examined rows if there are `filters`."""

    parts: Sequence[Sequence[Condition]]
    filters: Sequence[Condition]


class PagedTable:
    """A table of messages or documents, read by page."""

    def __init__(self, dialect: Dialect, channel: Column[str], date: Column[datetime], ref: Column[str]) -> None:
        self._dialect = dialect
        self._channel = channel
        self._date = date
        self._ref = ref

    async def page(
        self,
        conn: AsyncConnection,
        statement: Statement,
        chosen: Selection,
        order: Order,
        limit: int,
        *,
        after: Position | None = None,
    ) -> Slice:
        """At most `limit` rows of `statement` behind `after`, in a reading transaction."""
        if chosen.channel_ids is not None and not chosen.channel_ids:
            return Slice([])
        await self._dialect.read_by_key(conn)
        if chosen.picked:
            keys, bound = await self._nearest(conn, self._picked(chosen), order, limit + 1, after), None
        else:
            search = self._search(chosen, order)
            bound = (
                await self._bound(conn, search, after, chosen.examined * max(limit, LEAST_SIZE), order)
                if search.filters
                else None
            )
            keys = await self._nearest(conn, self._along(search, order, after, bound, limit + 1), order, limit + 1)
        end = keys[limit - 1] if len(keys) > limit else bound
        return Slice(await self._rows(conn, statement, [key.ref for key in keys[:limit]]), end)

    async def _nearest(
        self, conn: AsyncConnection, found: FromClause, order: Order, limit: int, after: Position | None = None
    ) -> list[Position]:
        keys = select(found.c.date, found.c.ref)
        keys = keys if after is None else keys.where(self._is_behind(after, order, found.c.date, found.c.ref))
        nearest = keys.order_by(*_by(found.c.date, found.c.ref, order)).limit(limit)
        return [Position(row["date"], row["ref"]) for row in await rows_of(conn, nearest)]

    async def _rows(self, conn: AsyncConnection, statement: Statement, refs: Sequence[str]) -> list[Row]:
        # Asked for by key alone: together with an order the server might read the whole table in that order.
        if not refs:
            return []
        wanted = statement.where(self._dialect.any_of(self._ref, refs))
        rows = {row[self._ref.name]: row for row in await rows_of(conn, wanted)}
        return [rows[ref] for ref in refs if ref in rows]

    async def _bound(
        self, conn: AsyncConnection, search: _Search, after: Position | None, examined: int, order: Order
    ) -> Position | None:
        """The last row that a page looks at; None if it may look at all."""
        each = max(1, examined // len(search.parts))
        behind = self._span(after, None, order)
        last = [
            self._keys(*part, *behind).order_by(*self._by(order)).offset(each - 1).limit(1) for part in search.parts
        ]
        return next(iter(await self._nearest(conn, _united(last), order, 1)), None)

    def _along(
        self, search: _Search, order: Order, after: Position | None, bound: Position | None, limit: int
    ) -> FromClause:
        """The first keys of every part."""
        span = self._span(after, bound, order)
        parts = (self._keys(*part, *span, *search.filters) for part in search.parts)
        return _united([part.order_by(*self._by(order)).limit(limit) for part in parts])

    def _search(self, chosen: Selection, order: Order) -> _Search:
        along, beside = (self._sent(chosen), []) if order != "ref" else ([], self._sent(chosen))
        along = [*chosen.along, *along]
        channels = None if chosen.channel_ids is None else sorted(set(chosen.channel_ids))
        if channels is not None and len(channels) > CHANNELS_A_QUERY:
            beside.append(self._dialect.any_of(self._channel, channels))
            channels = None
        parts = [along] if channels is None else [[self._of(each, order), *along] for each in channels]
        return _Search(parts, [*beside, *chosen.filters])

    def _picked(self, chosen: Selection) -> FromClause:
        """Find all keys first and sort them afterwards: otherwise the server might scan all rows to find these few."""
        conditions = [*chosen.picked, *self._sent(chosen), *chosen.along, *chosen.filters]
        if chosen.channel_ids is not None:
            conditions.append(self._dialect.any_of(self._channel, chosen.channel_ids))
        return self._keys(*conditions).cte().prefix_with("MATERIALIZED", dialect="postgresql")

    def _sent(self, chosen: Selection) -> list[Condition]:
        first, last = chosen.sent
        sent = [self._date >= first] if first is not None else []
        return sent + ([self._date < last] if last is not None else [])

    def _of(self, channel_id: str, order: Order) -> Condition:
        return channel_range(self._ref, channel_id) if order == "ref" else self._channel == channel_id

    def _keys(self, *conditions: Condition) -> Statement:
        return select(self._date.label("date"), self._ref.label("ref")).where(*conditions)

    def _span(self, after: Position | None, bound: Position | None, order: Order) -> list[Condition]:
        """Condition for rows after one place and not after another."""
        span = [] if after is None else [self._is_behind(after, order, self._date, self._ref)]
        return span if bound is None else [*span, ~self._is_behind(bound, order, self._date, self._ref)]

    def _is_behind(
        self, place: Position, order: Order, date: ColumnElement[datetime], ref: ColumnElement[str]
    ) -> Condition:
        at_ref = literal(place.ref, self._ref.type)
        if order == "ref":
            return ref > at_ref
        keys, at = tuple_(date, ref), tuple_(literal(place.date, self._date.type), at_ref)
        return keys < at if order == "newest" else keys > at

    def _by(self, order: Order) -> tuple[ColumnElement[Any], ...]:
        return _by(self._date, self._ref, order)


async def newest_rows(
    database: Database,
    statement: Statement,
    keys: tuple[Column[datetime], Column[str]],
    limit: int,
    after: Position | None,
) -> Slice:
    """At most `limit` rows of `statement` behind `after`, newest first. `keys` are the time and the id of a row."""
    at, ref = keys
    if after is not None:
        statement = statement.where(
            tuple_(at, ref) < tuple_(literal(after.date, at.type), literal(after.ref, ref.type))
        )
    rows = await database.rows(statement.order_by(at.desc(), ref.desc()).limit(limit + 1))
    shown = rows[:limit]
    return Slice(shown, Position(shown[-1][at.name], shown[-1][ref.name]) if len(rows) > limit else None)


def _united(parts: Sequence[Statement]) -> FromClause:
    """The rows of all parts; each part has its order and limit."""
    return union_all(*(select(part.subquery()) for part in parts)).subquery()


def _by(date: ColumnElement[Any], ref: ColumnElement[Any], order: Order) -> tuple[ColumnElement[Any], ...]:
    by: dict[Order, tuple[ColumnElement[Any], ...]] = {
        "newest": (date.desc(), ref.desc()),
        "oldest": (date, ref),
        "ref": (ref,),
    }
    return by[order]
