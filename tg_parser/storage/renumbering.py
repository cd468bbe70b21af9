"""What the revisions that put numbers of chats right have in common. Synchronous, on the connection of a revision.

Each database is put right alone, in any order: what only the messages tell is asked of the raw database before and
after its own revision, and the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Text, bindparam, column, inspect, select, table, text, update

from tg_parser.domain.renumbering import Suspicion, certainly, renumbered, speaks_for, suspicion
from tg_parser.storage.columns import JsonDocument

PAGE = 500


def channels_in_refs(conn: Connection, name: str) -> Iterator[str]:
    """The channels in the refs of a table, each found by one step through the index of refs."""
    step, after = text(f"SELECT min(source_ref) FROM {name} WHERE source_ref > :after"), "tg:"
    while (ref := conn.scalar(step, {"after": after})) is not None:
        prefix, _, rest = ref.partition(":")
        channel = rest.partition(":")[0]
        if prefix == "tg":
            yield channel
        after = f"tg:{channel};" if prefix == "tg" else ref


def has_messages(conn: Connection) -> bool:
    """Whether the table of messages can be read; on SQLite it is in the attached file."""
    look = inspect(conn)
    return any(look.has_table("raw_messages", schema=schema) for schema in (None, "raw"))


def right_numbers(conn: Connection, channels: Iterable[str]) -> dict[str, str]:
    """The right numbers of those of `channels` that are wrong, as far as numbers and messages tell."""
    known = set(channels)
    found = {channel: right for channel in known if (right := certainly(channel)) is not None}
    if has_messages(conn):
        suspected = [(channel, each) for channel in known if (each := suspicion(channel)) is not None]
        found.update({channel: each.right for channel, each in suspected if _is_wrong(conn, channel, each)})
    return found


def _is_wrong(conn: Connection, channel: str, suspected: Suspicion) -> bool:
    """Whether the messages under a suspected number, or under the right one alone, are of the right chat."""
    if not _posts(conn, channel, limit=1):
        return bool(_posts(conn, suspected.right, limit=1))
    if suspected.glued and any(_shows_a_channel(row) for row in _posts(conn, channel, "via IN ('api', 'web')", limit=1)):
        return True
    authors = {row["author_id"] for row in _posts(conn, channel, "author_id IS NOT NULL", what="DISTINCT author_id")}
    if not authors:
        return suspected.glued and not _posts(conn, channel, "via = 'api'", limit=1)
    return all(speaks_for(author, channel, suspected) for author in authors)


def _posts(
    conn: Connection, channel: str, condition: str = "true", *, what: str = "via, raw_payload_json", limit: int = 2
) -> Sequence[Mapping[str, Any]]:
    statement = text(
        f"SELECT {what} FROM raw_messages WHERE source_ref >= :low AND source_ref < :high"
        f" AND ({condition}) AND service_action IS NULL LIMIT {limit}"
    )
    return conn.execute(statement, {"low": f"tg:{channel}:post:", "high": f"tg:{channel}:post;"}).mappings().all()


def _shows_a_channel(row: Mapping[str, Any]) -> bool:
    payload = row["raw_payload_json"]
    if isinstance(payload, str):
        payload = orjson.loads(payload)
    peer = payload.get("peer_id") if isinstance(payload, dict) else None
    return row["via"] == "web" or (isinstance(peer, dict) and "channel_id" in peer)


class Move:
    """One chat from its wrong number to the right one."""

    def __init__(self, conn: Connection, wrong: str, right: str) -> None:
        self._conn = conn
        self.wrong, self.right = wrong, right

    def refs(self, name: str, key: str = "source_ref", before: str = "tg:") -> None:
        """Put right the refs, or the ids made of refs, in a column."""
        self.run(f"UPDATE {name} SET {key} = {self.new(key)} WHERE {self.within(key)}", before)

    def drop_doubles(self, name: str, key: str = "source_ref", *, before: str = "tg:", also: str = "true") -> None:
        """Delete what is there under the right ref too; `also` compares further columns of o, the other row."""
        other = f"SELECT 1 FROM {name} AS o WHERE o.{key} = {self.new(f'{name}.{key}')} AND {also}"
        self.run(f"DELETE FROM {name} WHERE {self.within(key)} AND EXISTS ({other})", before)

    def number(self, name: str, key: str = "channel_id") -> None:
        """Put right a column that holds the number alone."""
        self.run(f"UPDATE {name} SET {key} = :right WHERE {key} = :wrong")

    def run(self, statement: str, before: str = "tg:") -> None:
        """Run a statement made of new() and within(), and of the numbers :wrong and :right."""
        low = f"{before}{self.wrong}:"
        values = {"low": low, "high": f"{before}{self.wrong};", "new": f"{before}{self.right}:", "start": len(low) + 1}
        values |= {"wrong": self.wrong, "right": self.right}
        self._conn.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})

    @staticmethod
    def within(key: str) -> str:
        """Whether a ref is one of the wrong number."""
        return f"{key} >= :low AND {key} < :high"

    @staticmethod
    def new(key: str) -> str:
        """A ref of the wrong number with the right one."""
        return f":new || substr({key}, :start)"


def renumber_json(conn: Connection, name: str, key: str, names: Sequence[str], numbers: Mapping[str, str]) -> None:
    """Put right the numbers in the JSON columns `names` of a table, in pages by its `key`."""
    source = table(name, column(key, Text()), *(column(each, JsonDocument()) for each in names))
    ordered = select(source).order_by(source.c[key]).limit(PAGE)
    page = conn.execute(ordered).mappings().all()
    while page:
        changed = [_changed(row, key, names, numbers) for row in page]
        if todo := [values for values in changed if values is not None]:
            values = {each: bindparam(f"new_{each}", type_=JsonDocument()) for each in names}
            conn.execute(update(source).where(source.c[key] == bindparam("of")).values(**values), todo)
        page = conn.execute(ordered.where(source.c[key] > page[-1][key])).mappings().all()


def _changed(row: Mapping[str, Any], key: str, names: Sequence[str], numbers: Mapping[str, str]) -> dict[str, Any] | None:
    changed = {each: renumbered(row[each], numbers) for each in names}
    if all(changed[each] == row[each] for each in names):
        return None
    return {"of": row[key], **{f"new_{each}": value for each, value in changed.items()}}
