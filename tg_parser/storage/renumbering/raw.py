"""Corrects chat numbers in the raw database: messages, their log, their authors and the origins of forwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, cast, column, delete, insert, not_, or_, select, table, update

from tg_parser.domain.renumbering.numbers import right_author
from tg_parser.storage.renumbering.common import PAGE, Move, asking, channels_in_refs, right_numbers, rows_of
from tg_parser.storage.renumbering.merging import Observed, merged
from tg_parser.storage.tables.columns import JsonDocument, UtcDateTime

_JSON = ("reactions_json", "media_json", "links_json", "forward_json", "raw_payload_json")
_PLAIN = (
    "channel_id", "service_action", "thread_id", "parent_message_id", "reply_to_message_id", "language", "author_id",
    "author_name", "views", "forwards", "album_id", "forum_topic", "via", "revision",
)  # fmt: skip
_LOGGED = (
    "source_ref", "revision", "reason", "via", "text_sanitized", "raw_payload_truncated",
    "raw_payload_original_size_bytes", "text",
)  # fmt: skip
_messages = table(
    "raw_messages",
    column("source_ref", Text()),
    *(column(name) for name in (*_PLAIN, "text", "text_sanitized", "raw_payload_truncated")),
    column("raw_payload_original_size_bytes"),
    *(column(name, UtcDateTime()) for name in ("date", "inserted_at", "edited_at", "deleted_at")),
    *(column(name, JsonDocument()) for name in _JSON),
)
_log = table(
    "raw_revisions",
    *(column(name) for name in _LOGGED),
    *(column(name, UtcDateTime()) for name in ("observed_at", "edited_at")),
    column("raw_payload_json", JsonDocument()),
)
_CHANGING = (*_PLAIN, *_JSON[:-1], "deleted_at")
_row, _entry = _messages.c, _log.c


def renumber_messages(conn: Connection) -> None:
    """Correct every wrong number in the raw database."""
    ask = asking(conn)
    numbers = right_numbers(ask, channels_in_refs(ask, "raw_messages"), with_messages=True)
    _renumber_people(conn, numbers)
    for wrong, right in sorted(numbers.items()):
        move = Move(conn, wrong, right)
        _merge_duplicates(conn, move)
        for name in ("raw_messages", "raw_revisions"):
            move.refs(name)
        move.number("raw_messages")


def _merge_duplicates(conn: Connection, move: Move) -> None:
    """For a message stored under both numbers the earlier row stays; what was seen later goes into its log."""
    prefix, after = f"tg:{move.wrong}:", f"tg:{move.wrong}:"
    within = select(_row.source_ref).where(_row.source_ref < f"tg:{move.wrong};").order_by(_row.source_ref).limit(PAGE)
    while refs := conn.scalars(within.where(_row.source_ref > after)).all():
        pairs = {f"tg:{move.right}:{ref.removeprefix(prefix)}": ref for ref in refs}
        known = conn.scalars(select(_row.source_ref).where(_row.source_ref.in_(pairs))).all()
        observed = _observed(conn, [*known, *(pairs[ref] for ref in known)])
        for ref in known:
            _merge(conn, observed[ref], observed[pairs[ref]])
        after = refs[-1]


def _observed(conn: Connection, refs: Sequence[str]) -> dict[str, Observed]:
    if not refs:
        return {}
    logs = defaultdict[str, list[dict[str, Any]]](list)
    entries = select(_log).where(_entry.source_ref.in_(refs)).order_by(_entry.source_ref, _entry.revision)
    for entry in rows_of(conn, entries):
        logs[entry["source_ref"]].append(dict(entry))
    rows = rows_of(conn, select(_messages).where(_row.source_ref.in_(refs)))
    return {row["source_ref"]: Observed(dict(row), logs[row["source_ref"]]) for row in rows}


def _merge(conn: Connection, right: Observed, wrong: Observed) -> None:
    row, log = merged(right, wrong)
    ref, both = row["source_ref"], [right.row["source_ref"], wrong.row["source_ref"]]
    conn.execute(delete(_log).where(_entry.source_ref.in_(both)))
    conn.execute(delete(_messages).where(_row.source_ref.in_(both), _row.source_ref != ref))
    changed = {name: row[name] for name in _CHANGING}
    conn.execute(update(_messages).where(_row.source_ref == ref).values(**changed))
    if log:
        conn.execute(insert(_log), [{**entry, "source_ref": ref} for entry in log])


def _renumber_people(conn: Connection, numbers: Mapping[str, str]) -> None:
    """Correct authors and origins of forwards, in pages of the rows that may be wrong."""
    forward = cast(_row.forward_json, Text())
    suspect = or_(
        and_(_row.author_id.like("-%"), not_(_row.author_id.like("-100" + 10 * "_"))),
        and_(forward.like('%"-%'), not_(forward.like('%"-100' + 10 * "_" + '"%'))),
    )
    names = (_row.source_ref, _row.channel_id, _row.author_id, _row.forward_json, _row.raw_payload_json)
    page_of, after = select(*names).where(suspect).order_by(_row.source_ref).limit(PAGE), ""
    to = update(_messages).where(_row.source_ref == bindparam("of"))
    to = to.values(author_id=bindparam("author"), forward_json=bindparam("forward", type_=JsonDocument()))
    while page := rows_of(conn, page_of.where(_row.source_ref > after)):
        if changed := [values for row in page if (values := _people(row, numbers)) is not None]:
            conn.execute(to, changed)
        after = page[-1]["source_ref"]


def _people(row: Mapping[str, Any], numbers: Mapping[str, str]) -> dict[str, Any] | None:
    payload = row["raw_payload_json"] if isinstance(row["raw_payload_json"], dict) else {}
    author, forward = row["author_id"], row["forward_json"]
    if author == row["channel_id"]:
        author = numbers.get(author, author)
    elif author is not None:
        author = right_author(author, payload.get("from_id") or payload.get("actor_id"))
    if forward and (peer := forward.get("peer_id")):
        forward = {**forward, "peer_id": right_author(peer, payload.get("forwarded_from_id"))}
    if (author, forward) == (row["author_id"], row["forward_json"]):
        return None
    return {"of": row["source_ref"], "author": author, "forward": forward}
