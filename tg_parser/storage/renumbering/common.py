"""What the revisions that correct chat numbers share. Synchronous, on the connection of a revision.

Each database is corrected on its own, in any order: what only the messages show is asked of the raw database before
and after its own revision, with the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Executable, Text, bindparam, column, inspect, select, table, text, update

from tg_parser.domain.renumbering.numbers import (
    Suspicion,
    certainly,
    renumbered,
    right_number_by_authors,
    signatures,
    suspicion,
)
from tg_parser.storage.tables.columns import JsonDocument

PAGE = 500

Ask = Callable[[str, Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""The rows of a statement with named parameters."""


def rows_of(conn: Connection, statement: Executable, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a statement, by column name."""
    return [row._asdict() for row in conn.execute(statement, values)]


def asking(conn: Connection) -> Ask:
    """A function that sends queries to the database of a revision."""
    return lambda statement, values: rows_of(conn, text(statement), values)


def channels_in_refs(ask: Ask, name: str) -> Iterator[str]:
    """The channels in the refs of a table, each found by one step through the index of refs."""
    step, after = f"SELECT min(source_ref) AS ref FROM {name} WHERE source_ref > :after", "tg:"
    while (ref := ask(step, {"after": after})[0]["ref"]) is not None:
        prefix, _, rest = ref.partition(":")
        channel = rest.partition(":")[0]
        if prefix == "tg":
            yield channel
        after = f"tg:{channel};" if prefix == "tg" else ref


def has_messages(conn: Connection) -> bool:
    """Whether the table of messages can be read; on SQLite it is in the attached file."""
    look = inspect(conn)
    return any(look.has_table("raw_messages", schema=schema) for schema in (None, "raw"))


def right_numbers(ask: Ask, channels: Iterable[str], *, with_messages: bool) -> dict[str, str]:
    """The right numbers for those of `channels` that are wrong, as far as numbers and messages show."""
    found = dict[str, str]()
    for channel in set(channels):
        signed = _signed(ask, channel) if with_messages else None
        suspected = suspicion(channel) if with_messages and signed is None else None
        right = signed or (certainly(channel) if suspected is None else _told_by_messages(ask, channel, suspected))
        if right is not None:
            found[channel] = right
    return found


def _signed(ask: Ask, channel: str) -> str | None:
    """The channel a folded number belongs to: its posts carry the whole number, and no author has the folded one."""
    rights = signatures(channel)
    if not rights or _any_message(ask, channel, "author_id = :author", author=channel):
        return None
    if not _any_message(ask, channel):
        return next((right for right in rights.values() if _any_message(ask, right)), None)
    names = {f"author_{place}": author for place, author in enumerate(rights)}
    speaking = _any_message(ask, channel, f"author_id IN ({', '.join(f':{name}' for name in names)})", **names)
    return rights[speaking[0]["author_id"]] if speaking else None


def _any_message(ask: Ask, channel: str, condition: str = "1 = 1", **values: str) -> Sequence[Mapping[str, Any]]:
    """Any one message that meets the condition, if there is one."""
    within = "source_ref >= :low AND source_ref < :high"
    statement = f"SELECT author_id FROM raw_messages WHERE {within} AND {condition} LIMIT 1"
    return ask(statement, {"low": f"tg:{channel}:", "high": f"tg:{channel};", **values})


def _told_by_messages(ask: Ask, channel: str, suspected: Suspicion) -> str | None:
    """The chat that the messages under a suspected number belong to; once moved, they are under the right one only."""
    if not _posts(ask, channel):
        return next((right for right in suspected if right is not None and _posts(ask, right)), None)
    for row in _posts(ask, channel, "via IN ('api', 'web')") if suspected.glued else ():
        if (is_channel := _is_channel(row)) is not None:
            return suspected.glued if is_channel else None
    authors = _posts(ask, channel, "author_id IS NOT NULL", what="DISTINCT author_id", limit=2)
    return right_number_by_authors(channel, [row["author_id"] for row in authors])


def _posts(
    ask: Ask, channel: str, condition: str = "1 = 1", *, what: str = "via, raw_payload_json", limit: int = 1
) -> Sequence[Mapping[str, Any]]:
    statement = (
        f"SELECT {what} FROM raw_messages WHERE source_ref >= :low AND source_ref < :high"
        f" AND {condition} AND service_action IS NULL LIMIT {limit}"
    )
    return ask(statement, {"low": f"tg:{channel}:post:", "high": f"tg:{channel}:post;"})


def _is_channel(row: Mapping[str, Any]) -> bool | None:
    """What the origin of a post says about its chat: the preview shows only channels, and the API knows the kind."""
    payload = row["raw_payload_json"]
    if isinstance(payload, str):
        payload = orjson.loads(payload)
    peer = payload.get("peer_id") if isinstance(payload, dict) else None
    is_channel = "channel_id" in peer if isinstance(peer, dict) else None
    return True if row["via"] == "web" else is_channel


class Move:
    """One chat from its wrong number to the right one."""

    def __init__(self, conn: Connection, wrong: str, right: str) -> None:
        self.conn = conn
        self.wrong, self.right = wrong, right

    def refs(self, name: str, key: str = "source_ref", before: str = "tg:") -> None:
        """Correct the refs, or the ids made of refs, in a column."""
        self.run(f"UPDATE {name} SET {key} = {self.new(key)} WHERE {self.within(key)}", before)

    def drop_duplicates(self, name: str, key: str = "source_ref", *, before: str = "tg:", also: str = "1 = 1") -> None:
        """Delete rows that also exist under the right ref; `also` compares further columns of o, the other row."""
        other = f"SELECT 1 FROM {name} AS o WHERE o.{key} = {self.new(f'{name}.{key}')} AND {also}"
        self.run(f"DELETE FROM {name} WHERE {self.within(key)} AND EXISTS ({other})", before)

    def number(self, name: str, key: str = "channel_id") -> None:
        """Correct a column that holds only the number."""
        self.run(f"UPDATE {name} SET {key} = :right WHERE {key} = :wrong")

    def run(self, statement: str, before: str = "tg:") -> None:
        """Run a statement made of new() and within(), with the numbers :wrong and :right."""
        low = f"{before}{self.wrong}:"
        values = {"low": low, "high": f"{before}{self.wrong};", "new": f"{before}{self.right}:", "start": len(low) + 1}
        values |= {"wrong": self.wrong, "right": self.right}
        self.conn.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})

    @staticmethod
    def within(key: str) -> str:
        """SQL: whether a ref belongs to the wrong number."""
        return f"{key} >= :low AND {key} < :high"

    @staticmethod
    def new(key: str) -> str:
        """SQL: a ref of the wrong number, rewritten to the right one."""
        return f":new || substr({key}, :start)"


def renumber_json(conn: Connection, name: str, key: str, names: Sequence[str], numbers: Mapping[str, str]) -> None:
    """Correct the numbers in the JSON columns `names` of a table, in pages by its `key`."""
    source = table(name, column(key, Text()), *(column(each, JsonDocument()) for each in names))
    ordered = select(source).order_by(source.c[key]).limit(PAGE)
    page = rows_of(conn, ordered)
    while page:
        changed = [_changed(row, key, names, numbers) for row in page]
        if todo := [values for values in changed if values is not None]:
            values = {each: bindparam(f"new_{each}", type_=JsonDocument()) for each in names}
            conn.execute(update(source).where(source.c[key] == bindparam("of")).values(**values), todo)
        page = rows_of(conn, ordered.where(source.c[key] > page[-1][key]))


def _changed(
    row: Mapping[str, Any], key: str, names: Sequence[str], numbers: Mapping[str, str]
) -> dict[str, Any] | None:
    changed = {each: renumbered(row[each], numbers) for each in names}
    if all(changed[each] == row[each] for each in names):
        return None
    return {"of": row[key], **{f"new_{each}": value for each, value in changed.items()}}
