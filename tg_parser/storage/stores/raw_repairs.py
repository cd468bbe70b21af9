"""Stored messages with their payloads, to be read again; what was read better replaces it.

Text and date as first observed stay: a better text is an entry of the log with a reason of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.messages import Link, Media
from tg_parser.domain.refs import parse_source_ref
from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.engine.transactions import Database, channel_range, insert_rows
from tg_parser.storage.stores.raw import beside_log
from tg_parser.storage.tables.raw import raw_messages, raw_revisions

REREAD = "reread"
"""The reason of a revision whose text was read better from the same payload."""

_raw = raw_messages.c
_log = raw_revisions.c
_FIRST = _log.source_ref.is_(None)
_OF_TEXT = ("text", "via", "edited_at", "raw_payload_json", "raw_payload_truncated", "raw_payload_original_size_bytes")
_REPAIR = (
    update(raw_messages)
    .where(_raw.source_ref == bindparam("repaired_ref"))
    .values({name: bindparam(f"new_{name}") for name in ("revision", "media_json", "links_json", "service_action")})
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """The current state of a message, and the payload its text was read from; None if it was truncated or not kept."""

    source_ref: str
    revision: int
    text: str
    media: tuple[Media, ...]
    links: tuple[Link, ...]
    service_action: str | None
    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Repair:
    """A message as it is read now. `revision` is the one it was read from; newer ones are left alone."""

    source_ref: str
    revision: int
    text: str
    media: tuple[Media, ...]
    links: tuple[Link, ...]
    service_action: str | None


class RawRepairStorage:
    """Part of the raw database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self, channel_id: str, size: int = 200) -> AsyncIterator[list[KeptMessage]]:
        """The messages of a channel not marked as deleted, by ref, `size` at a time."""
        statement = _kept_rows().where(channel_range(_raw.source_ref, channel_id), _raw.deleted_at.is_(None))
        async for page in self._database.pages(statement, _raw.source_ref, size):
            yield [_kept(row) for row in page]

    async def repair(self, repairs: Sequence[Repair], observed_at: datetime) -> int:
        """Store better readings; returns the number of changed messages. Repeating it changes nothing."""
        if not repairs:
            return 0
        wanted = {each.source_ref: each for each in repairs}

        async def repair(conn: AsyncConnection) -> int:
            await self._database.dialect.claim(conn, {f"raw:{parse_source_ref(ref).channel_id}" for ref in wanted})
            statement = _kept_rows().where(self._database.dialect.any_of(_raw.source_ref, sorted(wanted)))
            found = [dict(row) for row in (await conn.execute(statement)).mappings()]
            pairs = [(row, each) for row in found if (each := wanted[row["source_ref"]]).revision == row["revision"]]
            log = [_revision(row, each, observed_at) for row, each in pairs if each.text != row["text"]]
            await insert_rows(self._database, conn, raw_revisions, log, key=("source_ref", "revision"))
            if pairs:
                await conn.execute(_REPAIR, [_changed(row, each) for row, each in pairs])
            return len(pairs)

        return await self._database.write(repair)


def _kept_rows() -> Select[*tuple[Any, ...]]:
    """Messages with their current text and what belongs to it."""
    current = (case((_FIRST, _raw[name]), else_=_log[name]).label(name) for name in _OF_TEXT)
    sanitized = func.coalesce(_log.text_sanitized, _raw.text_sanitized).label("text_sanitized")
    in_place = (_raw[name] for name in ("source_ref", "revision", "media_json", "links_json", "service_action"))
    return select(*in_place, *current, sanitized).select_from(beside_log())


def _kept(row: Row) -> KeptMessage:
    return KeptMessage(
        source_ref=row["source_ref"],
        revision=row["revision"],
        text=row["text"],
        media=tuple(Media.model_validate(each) for each in row["media_json"] or ()),
        links=tuple(Link.model_validate(each) for each in row["links_json"] or ()),
        service_action=row["service_action"],
        payload=None if row["raw_payload_truncated"] else row["raw_payload_json"],
    )


def _revision(row: Row, repair: Repair, observed_at: datetime) -> dict[str, Any]:
    text = storable(repair.text)
    return {
        **{name: row[name] for name in _OF_TEXT},
        "source_ref": row["source_ref"],
        "revision": row["revision"] + 1,
        "observed_at": observed_at,
        "reason": REREAD,
        "text": text,
        "text_sanitized": row["text_sanitized"] or text is not repair.text,
    }


def _changed(row: Row, repair: Repair) -> dict[str, Any]:
    return {
        "repaired_ref": row["source_ref"],
        "new_revision": row["revision"] + (repair.text != row["text"]),
        "new_media_json": _json(repair.media) or None,
        "new_links_json": _json(repair.links) or None,
        "new_service_action": repair.service_action,
    }


def _json(parts: Sequence[Media | Link]) -> list[Any]:
    return [storable_json(part.model_dump(mode="json", exclude_none=True)) for part in parts]
