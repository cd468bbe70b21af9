"""Pages of messages or documents in an order that no insert and no edit changes.

A page costs two queries at most, whatever it skips. Each channel is read along its index, and they are merged. What no
index finds (a language, words, …) is looked for in a bounded number of rows: then a page may be short, or even empty,
although the list goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Select, literal, select, tuple_, union_all

from tg_parser.domain.pages import Order, Position
from tg_parser.storage.engine.transactions import Database, channel_range

Row = Mapping[str, Any]
Condition = ColumnElement[bool]
Statement = Select[*tuple[Any, ...]]

EXAMINED = 20_000
EXAMINED_FOR_WORDS = 4_000
"""How many rows a page looks at for what no index finds, so that each page is quick."""
CHANNELS_A_QUERY = 100
"""Of more channels than these, rows are read in the order of all channels, and looked at one by one."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a page; `end` is where the next one begins, None where the list ends."""

    rows: Sequence[Row]
    end: Position | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows to read, by how they are found.

    `sent` is a half-open span of dates. `picked` are conditions that find rows by another way than their order, such as
    a topic; `filters` those that each row must be looked at for.
    """

    channel_ids: Sequence[str] | None = None
    sent: tuple[datetime | None, datetime | None] = (None, None)
    picked: Sequence[Condition] = ()
    filters: Sequence[Condition] = ()
    examined: int = EXAMINED


@dataclass(frozen=True, slots=True)
class _Search:
    """`parts` are read along an index each, up to a bound where there are `filters` to be looked at."""

    parts: Sequence[Sequence[Condition]]
    filters: Sequence[Condition]
    bounded: bool


class PagedTable:
    """A table of messages or documents, read by page."""

    def __init__(self, database: Database, channel: Column[str], date: Column[datetime], ref: Column[str]) -> None:
        self._database = database
        self._channel = channel
        self._date = date
        self._ref = ref

    async def page(
        self, statement: Statement, chosen: Selection, order: Order, limit: int, after: Position | None = None
    ) -> Slice:
        """At most `limit` rows of `statement` behind `after`."""
        if chosen.channel_ids is not None and not chosen.channel_ids:
            return Slice([])
        search = self._search(chosen, order)
        behind = () if after is None else (self._is_behind(after, order),)
        bound = await self._bound(search, behind, chosen.examined, order) if search.bounded else None
        until = () if bound is None else (~self._is_behind(bound, order),)
        found = self._found(
            [
                self._keys(*part, *behind, *until, *search.filters).order_by(*self._by(order)).limit(limit + 1)
                for part in search.parts
            ]
        )
        refs = select(found.c.ref).order_by(*_by(found.c.date, found.c.ref, order)).limit(limit + 1)
        wanted = statement.where(self._ref.in_(refs)).order_by(*self._by(order))
        rows = await self._database.rows(wanted, by_key=not chosen.picked)
        return Slice(rows[:limit], self._position(rows[limit - 1])) if len(rows) > limit else Slice(rows, bound)

    async def _bound(
        self, search: _Search, behind: Sequence[Condition], examined: int, order: Order
    ) -> Position | None:
        """The last row that a page looks at; None if it may look at all."""
        each = max(1, examined // len(search.parts))
        last = [
            self._keys(*part, *behind).order_by(*self._by(order)).offset(each - 1).limit(1) for part in search.parts
        ]
        found = self._found(last)
        row = await self._database.row(
            select(found.c.date.label(self._date.name), found.c.ref.label(self._ref.name)).order_by(
                *_by(found.c.date, found.c.ref, order)
            )
        )
        return None if row is None else self._position(row)

    def _search(self, chosen: Selection, order: Order) -> _Search:
        first, last = chosen.sent
        sent = [self._date >= first] if first is not None else []
        sent += [self._date < last] if last is not None else []
        along, beside = (sent, []) if order != "ref" else ([], sent)
        channels = None if chosen.channel_ids is None else sorted(set(chosen.channel_ids))
        if channels is not None and (chosen.picked or len(channels) > CHANNELS_A_QUERY):
            beside.append(self._database.dialect.any_of(self._channel, channels))
            channels = None
        filters = [*beside, *chosen.filters]
        if chosen.picked:
            return _Search([[self._ref.in_(self._picked([*chosen.picked, *filters]))]], along, bounded=False)
        parts = [along] if channels is None else [[self._of(each, order), *along] for each in channels]
        return _Search(parts, filters, bounded=bool(filters))

    def _picked(self, conditions: Sequence[Condition]) -> Statement:
        # Or the server might go through all rows in the requested order to meet these few.
        found = select(self._ref.label("ref")).where(*conditions).cte()
        return select(found.prefix_with("MATERIALIZED", dialect="postgresql").c.ref)

    def _of(self, channel_id: str, order: Order) -> Condition:
        return channel_range(self._ref, channel_id) if order == "ref" else self._channel == channel_id

    def _keys(self, *conditions: Condition) -> Statement:
        return select(self._date.label("date"), self._ref.label("ref")).where(*conditions)

    def _found(self, parts: Sequence[Statement]) -> FromClause:
        """The rows of all parts; a part has an order and a limit of its own."""
        return union_all(*(select(part.subquery()) for part in parts)).subquery()

    def _is_behind(self, place: Position, order: Order) -> Condition:
        ref = literal(place.ref, self._ref.type)
        if order == "ref":
            return self._ref > ref
        keys, at = tuple_(self._date, self._ref), tuple_(literal(place.date, self._date.type), ref)
        return keys < at if order == "newest" else keys > at

    def _by(self, order: Order) -> tuple[ColumnElement[Any], ...]:
        return _by(self._date, self._ref, order)

    def _position(self, row: Row) -> Position:
        return Position(row[self._date.name], row[self._ref.name])


def _by(date: ColumnElement[Any], ref: ColumnElement[Any], order: Order) -> tuple[ColumnElement[Any], ...]:
    by: dict[Order, tuple[ColumnElement[Any], ...]] = {
        "newest": (date.desc(), ref.desc()),
        "oldest": (date, ref),
        "ref": (ref,),
    }
    return by[order]
