"""Corrects chat numbers in the ingestion database; two sources of one chat become one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Text, column, delete, select, table, text, update

from tg_parser.domain.renumbering.numbers import right_peer, right_source_number
from tg_parser.domain.renumbering.sources import merged_source
from tg_parser.storage.renumbering.common import asking, has_messages, right_numbers, rows_of
from tg_parser.storage.tables.columns import JsonDocument, UtcDateTime

_PLAIN = (
    "source_id", "channel_id", "channel_username", "channel_title", "channel_kind", "via", "status", "include_comments",
    "last_post_id", "newest_post_id", "comments_swept_to", "comments_turn", "comments_unavailable", "peer_id",
)  # fmt: skip
_TIMES = ("history_from", "history_to", "backfill_completed_at", "created_at")
_sources = table(
    "ingestion_state",
    *(column(name, Text()) if name in {"source_id", "channel_id"} else column(name) for name in _PLAIN),
    *(column(name, UtcDateTime()) for name in _TIMES),
    *(column(name, JsonDocument()) for name in ("open_ranges", "discussion_groups")),
)
_source = _sources.c


def renumber_sources(conn: Connection) -> None:
    """Correct every wrong number in the ingestion database."""
    seen = set(conn.scalars(text("SELECT channel_id FROM telegram_access")))
    sources = rows_of(conn, select(_sources).order_by(_source.created_at, _source.source_id))
    channels = [row["channel_id"] for row in sources]
    corrected = right_numbers(asking(conn), channels, with_messages=has_messages(conn))
    for row in sources:
        peer = row["peer_id"]
        if peer is not None and right_peer(peer) != peer:
            _change(conn, row["source_id"], {"peer_id": right_peer(peer)})
        if (right := corrected.get(row["channel_id"]) or _right_number(row, seen)) is not None:
            _move(conn, row["source_id"], right)
    _renumber_access(conn, seen)


def _right_number(row: Mapping[str, Any], seen: set[str]) -> str | None:
    has_name = row["channel_username"] is not None or row["channel_id"] in seen
    return right_source_number(row["channel_id"], row["channel_kind"], row["via"], has_name=has_name)


def _move(conn: Connection, source_id: str, right: str) -> None:
    of_chat = select(_sources).where(_source.channel_id == right).order_by(_source.created_at, _source.source_id)
    found = rows_of(conn, of_chat.limit(1))
    if not found:
        _change(conn, source_id, {"channel_id": right})
        return
    (there,), (gone,) = found, rows_of(conn, select(_sources).where(_source.source_id == source_id))
    _change(conn, there["source_id"], merged_source(there, gone))
    both = {"there": there["source_id"], "gone": source_id}
    conn.execute(text("UPDATE source_attempts SET source_id = :there WHERE source_id = :gone"), both)
    conn.execute(text("DELETE FROM comment_cursors WHERE source_id = :gone"), {"gone": source_id})
    conn.execute(delete(_sources).where(_source.source_id == source_id))


def _change(conn: Connection, source_id: str, values: Mapping[str, Any]) -> None:
    conn.execute(update(_sources).where(_source.source_id == source_id).values(**values))


def _renumber_access(conn: Connection, seen: set[str]) -> None:
    """Basic groups are accessed without a key, so whatever has one is a channel."""
    for wrong in sorted(seen):
        both = {"wrong": wrong, "right": right_peer(wrong)}
        if both["right"] == wrong:
            continue
        duplicates = "SELECT session_id FROM telegram_access WHERE channel_id = :right"
        conn.execute(
            text(f"DELETE FROM telegram_access WHERE channel_id = :wrong AND session_id IN ({duplicates})"), both
        )
        conn.execute(text("UPDATE telegram_access SET channel_id = :right WHERE channel_id = :wrong"), both)
