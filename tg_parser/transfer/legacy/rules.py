"""What must be checked row by row in tables of the earlier version: channels, refs, cursors, the log (pure).

A rule gets a row's values by name and returns those of the rows it becomes; it raises InvalidRowError for a bad row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tg_parser.domain.refs import document_id
from tg_parser.transfer.legacy.channels import username_of
from tg_parser.transfer.legacy.cursors import proven_cursor
from tg_parser.transfer.plan import Context, Values, ref_parts
from tg_parser.transfer.rows.fields import InvalidRowError, Note, shown

REKEYED = "channel id canonicalised"
_MOST_DIGITS = 18
_STATUSES = frozenset({"active", "paused", "error"})
_REASONS = frozenset({"edited", "deleted", "richer_source"})


def is_plain_ref(columns: Mapping[str, Sequence[Any]], context: Context) -> bool:
    """Whether refs agree with their parts, channels are canonical, and ids are numbers in range."""
    if not all(columns["agree"]) or not set(columns["channel_id"]) <= context.channels.stable:
        return False
    if not set(columns["message_type"]) <= {"post", "comment"}:
        return False
    ids = columns["id"] if "id_number" in columns else columns["source_message_id"]
    return "".join(ids).isdecimal() and max(map(len, ids)) <= _MOST_DIGITS


def message_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A message under its canonical ref; of one that was stored under two spellings the first counts."""
    channel, kind, number = ref_parts(values["source_ref"])
    _require_agreement(values, channel, context)
    if values["message_type"] != kind or str(values["id"]) != number:
        raise InvalidRowError("source_ref names another message than the other columns")
    _rekey(values, notes, context, "raw.raw_messages")
    return [{**values, "id": number, "id_number": id_number(number)}]


def revision_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A conflict as an entry of the log. There is no column for a date that differed, so it goes into the payload."""
    if values["message"] is None:
        raise InvalidRowError("its message does not exist")
    _rekey(values, notes, context, "raw.raw_messages")
    if values["reason"] not in _REASONS:
        same = values["text"] == values["earlier_text"]
        notes.append(Note("reason", "reason translated to this version's terms", shown(values["reason"])))
        values["reason"] = "richer_source" if same else "edited"
    if values["new_date"] is not None and values["new_date"] != values["message_date"]:
        notes.append(Note("new_date", "kept in the payload", shown(values["new_date"])))
        values["raw_payload_json"] = _with_date(values)
    if values["observed_at"] is None:
        values["observed_at"] = values["inserted_at"]
    return [values]


def document_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A document under its canonical ref; date and thread are taken from its message."""
    channel, kind, number = ref_parts(values["source_ref"])
    _require_agreement(values, channel, context)
    if str(values["source_message_id"]) != number:
        raise InvalidRowError("source_ref names another message than the other columns")
    if values["message_date"] is None:
        raise InvalidRowError("its message does not exist")
    _rekey(values, notes, context, "processing.processed_documents")
    return [{**values, "message_type": kind, "source_message_id": number, "id": document_id(values["source_ref"])}]


def failure_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A failure under the canonical ref of its message."""
    ref_parts(values["source_ref"])
    _rekey(values, notes, context, "processing.processing_failures")
    return [values]


def channel_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """Channel and ref, where a row has them, in canonical form."""
    if isinstance(values.get("source_ref"), str):
        values["source_ref"] = canonical_ref(values["source_ref"], context)
    if isinstance(values.get("channel_id"), str):
        canonical = context.channels.canonical(values["channel_id"])
        if canonical != values["channel_id"]:
            notes.append(Note("channel_id", REKEYED))
        values["channel_id"] = canonical
    return [values]


def job_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A job without its webhook secret, which was stored in plain text. One that had not ended never will."""
    if values["has_secret"]:
        notes.append(Note("webhook_secret", "left out, a plain secret is not copied: set it anew"))
    if values["status"] != "failed":
        state = "done" if values["status"] == "completed" else "cancelled"
        notes.append(Note("status", f"a job that is {state} in this version's words", values["status"]))
        values["status"] = state
    return channel_rule(values, notes, context)


def source_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A source with its canonical channel, a status of this version, and its cursor as far as messages prove it."""
    username = values["channel_username"]
    if isinstance(username, str):
        bare = username_of(username)
        if bare is not None and bare != username:
            notes.append(Note("channel_username", "username without @ or link", username))
        values["channel_username"] = bare or username
    writing = values["channel_id"]
    channel_rule(values, notes, context)
    if values["channel_username"] is None and isinstance(writing, str):
        values["channel_username"] = username_of(writing)
    if values["status"] not in _STATUSES:
        notes.append(Note("status", "unknown status: paused", shown(values["status"])))
        values["status"] = "paused"
    _raise_cursor(values, notes, context)
    return [values]


def cursor_rule(values: Values, _notes: list[Note], context: Context) -> list[Values]:
    """The cursor of a thread whose source exists."""
    require_parent(values, context, "ingestion_state", "source_id")
    return [values]


def attempt_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """An attempt; the counts among its details have columns, the rest goes into the list of changes."""
    require_parent(values, context, "ingestion_state", "source_id")
    details = values["counts_json"]
    values["counts_json"] = "{}"
    if details is None:
        return [values]
    try:
        parsed = orjson.loads(details)
    except (orjson.JSONDecodeError, TypeError):
        parsed = None
    if isinstance(parsed, dict) and all(type(value) is int for value in parsed.values()):
        values["counts_json"] = details
    else:
        notes.append(Note("details_json", "left out: not counts", shown(details)))
    return [values]


def require_parent(values: Values, context: Context, parent: str, column: str) -> None:
    """Refuse a row whose parent does not exist or was refused itself."""
    if not values["parent"]:
        raise InvalidRowError(f"its {column} refers to a missing row")
    if values[column] in context.refused.get(parent, ()):
        raise InvalidRowError(f"its {column} refers to a row that was not migrated")


def canonical_ref(ref: str, context: Context) -> str:
    """A source_ref with the canonical id of its channel; anything else stays as it is."""
    try:
        channel, kind, number = ref_parts(ref)
    except InvalidRowError:
        return ref
    return f"tg:{context.channels.canonical(channel)}:{kind}:{number}"


def id_number(message_id: str) -> int | None:
    """The id as a number, if a column can hold it."""
    digits = message_id.removeprefix("-")
    return int(message_id) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else None


def _rekey(values: Values, notes: list[Note], context: Context, table: str) -> None:
    """Set ref and channel to the canonical id. Raises InvalidRowError if a better spelling has the same message."""
    channel, kind, number = ref_parts(values["source_ref"])
    canonical = context.channels.canonical(channel)
    for other in context.channels.better_writings(channel):
        if context.snapshot.has(table, "source_ref", f"tg:{other}:{kind}:{number}"):
            raise InvalidRowError(
                f"the same message exists under another form of its channel (tg:{other}:{kind}:{number})"
            )
    if "channel_id" in values:
        values["channel_id"] = canonical
    if canonical != channel:
        values["source_ref"] = f"tg:{canonical}:{kind}:{number}"
        notes.append(Note("source_ref", REKEYED))


def _require_agreement(values: Values, channel: str, context: Context) -> None:
    beside = values["channel_id"]
    if context.channels.canonical(str(beside)) != context.channels.canonical(channel):
        raise InvalidRowError(f"source_ref names another channel than channel_id ({shown(beside)})")


def _with_date(values: Values) -> str:
    payload = values["raw_payload_json"]
    try:
        parsed = orjson.loads(payload) if payload is not None else {}
    except (orjson.JSONDecodeError, TypeError):
        parsed = shown(payload)
    beside = parsed if isinstance(parsed, dict) else {"payload": parsed}
    return orjson.dumps({**beside, "new_date": shown(values["new_date"])}).decode()


def _raise_cursor(values: Values, notes: list[Note], context: Context) -> None:
    cursor = values["last_post_id"]
    if not isinstance(cursor, int):
        return
    proven = proven_cursor(context.snapshot, context.channels, str(values["channel_id"]), cursor)
    if proven > cursor:
        notes.append(Note("last_post_id", f"raised: the stored posts go on without a gap (to {proven})", str(cursor)))
        values["last_post_id"] = proven
