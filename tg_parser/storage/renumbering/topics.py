"""Corrects topics under a wrong chat number; two topics that end up with one id become one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, column, func, literal, select, table, text, update

from tg_parser.storage.renumbering.common import PAGE, Move, rows_of
from tg_parser.storage.tables.columns import JsonDocument, UtcDateTime

_IDS = "topic:tg:"
_JSON = (
    "scope_in_json", "scope_out_json", "anchors_json", "sources_json", "tags_json", "related_topics_json",
    "metadata_json", "bundle_channels_json", "bundle_metadata_json",
)  # fmt: skip
_TIMES = ("updated_at", "bundle_updated_at", "bundle_time_from", "bundle_time_to")
_PLAIN = ("channel_id", "title", "summary", "type", "status")
_topics = table(
    "topics",
    column("id", Text()),
    *(column(name, Text()) for name in _PLAIN),
    *(column(name, UtcDateTime()) for name in _TIMES),
    *(column(name, JsonDocument()) for name in _JSON),
)
_UNITED = ("type", "status", "bundle_time_from", "bundle_time_to", "metadata_json", "bundle_metadata_json")
_OF_BOTH = ("status", "bundle_time_from", "bundle_time_to")
_RANK = text(
    "UPDATE topic_items SET position = ranked.place FROM (SELECT topic_id, source_ref, row_number() OVER (PARTITION BY"
    " topic_id ORDER BY role, CASE WHEN role <> 'anchor' THEN coalesce(score, 0) END DESC, position, source_ref) - 1"
    " AS place FROM topic_items WHERE topic_id IN :ids) AS ranked"
    " WHERE topic_items.topic_id = ranked.topic_id AND topic_items.source_ref = ranked.source_ref"
).bindparams(bindparam("ids", expanding=True))
"""Anchors first, in their old order; then the others, best first. The roles happen to sort that way."""
_ROLES = text(
    "SELECT topic_id, role, count(*) AS items FROM topic_items WHERE topic_id IN :ids GROUP BY topic_id, role"
).bindparams(bindparam("ids", expanding=True))

Row = Mapping[str, Any]


def move_topics(move: Move) -> None:
    """When two topics end up with one id, the one under the right number stays, with the messages of both."""
    move.drop_duplicates("topic_items", also="o.topic_id = topic_items.topic_id")
    move.refs("topic_items")
    duplicates = _duplicates(move)
    _make_way(move)
    # Items point at their topic, so it exists under both ids until they have moved.
    columns = ", ".join((*_PLAIN, *_TIMES, *_JSON))
    of_wrong = f"SELECT {move.new('id')}, {columns} FROM topics WHERE {move.within('id')}"
    move.run(f"INSERT INTO topics (id, {columns}) {of_wrong} ON CONFLICT (id) DO NOTHING", _IDS)
    move.refs("topic_items", "topic_id", _IDS)
    move.run(f"DELETE FROM topics WHERE {move.within('id')}", _IDS)
    for start in range(0, len(duplicates), PAGE):
        _unite(move.conn, duplicates[start : start + PAGE])


def _duplicates(move: Move) -> Sequence[Row]:
    """The heads of topics that exist under both ids."""
    wrong, right = _topics.alias("w"), _topics.alias("o")
    low = f"{_IDS}{move.wrong}:"
    new_id = literal(f"{_IDS}{move.right}:", Text()) + func.substr(wrong.c.id, len(low) + 1)
    heads = [wrong.c[name].label(f"other_{name}") for name in _OF_BOTH]
    joined = select(right.c.id, *(right.c[name] for name in _UNITED), *heads).join(wrong, right.c.id == new_id)
    return rows_of(move.conn, joined.where(wrong.c.id >= low, wrong.c.id < f"{_IDS}{move.wrong};"))


def _make_way(move: Move) -> None:
    """Messages that join another topic become supporting: its card names its anchors. Those it already has stay."""
    to = move.new("topic_items.topic_id")
    other, same = f"SELECT 1 FROM topics AS o WHERE o.id = {to}", "o.source_ref = topic_items.source_ref"
    coming = f"WHERE {move.within('topic_id')} AND EXISTS ({other})"
    move.run(f"UPDATE topic_items SET role = 'supporting' {coming}", _IDS)
    move.drop_duplicates("topic_items", "topic_id", before=_IDS, also=same)


def _unite(conn: Connection, duplicates: Sequence[Row]) -> None:
    ids = [head["id"] for head in duplicates]
    conn.execute(_RANK, {"ids": ids})
    counts = defaultdict[str, dict[str, int]](dict)
    for row in rows_of(conn, _ROLES, {"ids": ids}):
        counts[row["topic_id"]][row["role"]] = row["items"]
    values = {name: bindparam(f"new_{name}", type_=_topics.c[name].type) for name in _UNITED}
    changed = [_united(head, counts[head["id"]]) for head in duplicates]
    conn.execute(update(_topics).where(_topics.c.id == bindparam("of")).values(**values), changed)


def _united(head: Row, items: Mapping[str, int]) -> dict[str, Any]:
    anchors, supporting = items.get("anchor", 0), items.get("supporting", 0)
    times = {
        name: outer([each for each in (head[name], head[f"other_{name}"]) if each], default=None)
        for name, outer in (("bundle_time_from", min), ("bundle_time_to", max))
    }
    found: dict[str, Any] = {
        **times,
        "type": "cluster" if anchors + supporting > 1 else head["type"],
        "status": "active" if "active" in (head["status"], head["other_status"]) else head["status"],
        "metadata_json": {**head["metadata_json"], "messages": anchors + supporting},
        "bundle_metadata_json": {**head["bundle_metadata_json"], "anchors": anchors, "supporting": supporting},
    }
    return {"of": head["id"], **{f"new_{name}": value for name, value in found.items()}}
