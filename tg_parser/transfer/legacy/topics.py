"""Topics of the earlier version: a card with its JSON parts, and the bundle whose items become rows of their own."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from tg_parser.domain.storable import storable_json
from tg_parser.domain.topics import Anchor, BundleItem
from tg_parser.storage.tables.columns import json_text
from tg_parser.transfer.legacy.rules import REKEYED, canonical_ref, require_parent
from tg_parser.transfer.plan import Context, Values
from tg_parser.transfer.rows.fields import InvalidRowError, Note, shown

_TOPIC = "topic:"
_STATUSES = frozenset({"active", "retired"})
_TYPES = frozenset({"singleton", "cluster"})


def card_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """A card under the canonical ref of its first anchor; its channel is that anchor's."""
    if values["type"] not in _TYPES:
        raise InvalidRowError(f"type: not a kind of topic ({shown(values['type'])})")
    if values["status"] not in _STATUSES:
        notes.append(Note("status", "unknown status: active", shown(values["status"])))
        values["status"] = "active"
    anchors = [_message(each, "anchor_ref", context, Anchor) for each in _list(values, "anchors_json")]
    if not anchors:
        raise InvalidRowError("anchors_json: no anchors")
    values["anchors_json"] = json_text(anchors)
    values["channel_id"] = anchors[0]["channel_id"]
    values["sources_json"] = json_text([_channel(each, context) for each in _texts(values, "sources_json")])
    related = [canonical_topic(each, context) for each in _texts(values, "related_topics_json")]
    values["related_topics_json"] = json_text(related)
    for name in ("scope_in_json", "scope_out_json", "tags_json"):
        values[name] = json_text(_texts(values, name))
    channels = [_channel(each, context) for each in _texts(values, "bundle_channels_json")]
    values["bundle_channels_json"] = json_text(channels)
    _rename(values, notes, context)
    return [values]


def bundle_rule(values: Values, notes: list[Note], context: Context) -> list[Values]:
    """The items of a topic's current bundle, each message once."""
    if values["time_from"] is not None or values["time_to"] is not None:
        raise InvalidRowError("a dated snapshot of a bundle: no table in this version")
    if not values["current"]:
        raise InvalidRowError("a newer bundle of the same topic exists")
    topic = canonical_topic(str(values["topic"]), context)
    require_parent({**values, "topic_id": values["topic"]}, context, "topics", "topic_id")
    items = dict[str, Values]()
    for each in _list(values, "items_json"):
        item = _message(each, "source_ref", context, BundleItem)
        if item["source_ref"] in items:
            notes.append(Note("items_json", "item left out: its message already exists", item["source_ref"]))
        else:
            items[item["source_ref"]] = {**item, "topic_id": topic, "position": len(items)}
    return list(items.values())


def canonical_topic(topic: str, context: Context) -> str:
    """A topic's id with the canonical id of its channel."""
    return _TOPIC + canonical_ref(topic.removeprefix(_TOPIC), context) if topic.startswith(_TOPIC) else topic


def _rename(values: Values, notes: list[Note], context: Context) -> None:
    written = str(values["id"])
    canonical = canonical_topic(written, context)
    channel = written.removeprefix(f"{_TOPIC}tg:").partition(":")[0]
    for other in context.channels.better_writings(channel):
        better = written.replace(f":{channel}:", f":{other}:", 1)
        if context.snapshot.has("processing.topic_cards", "id", better):
            raise InvalidRowError(f"the same topic exists under another form of its channel ({better})")
    if canonical != written:
        notes.append(Note("id", REKEYED))
    values["id"] = canonical


def _message(value: Any, ref: str, context: Context, model: type[BaseModel]) -> Values:
    """An anchor or item as the contract defines it, with its canonical channel; unknown keys are dropped."""
    if not isinstance(value, dict):
        raise InvalidRowError(f"{ref}: not an object")
    known = {name: each for name, each in value.items() if name in model.model_fields}
    for name in ("message_id", "thread_id", "parent_message_id"):
        if isinstance(known.get(name), int):
            known[name] = str(known[name])
    known["channel_id"] = _channel(str(known.get("channel_id")), context)
    known[ref] = canonical_ref(str(known.get(ref)), context)
    try:
        made: Values = storable_json(model.model_validate(known).model_dump(mode="json"))
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRowError(
            f"{ref}: not a message of a topic ({'.'.join(map(str, first['loc']))}: {first['msg']})"
        ) from None
    return made


def _channel(writing: str, context: Context) -> str:
    return context.channels.canonical(writing)


def _list(values: Values, name: str) -> list[Any]:
    try:
        parsed = orjson.loads(values[name])
    except (orjson.JSONDecodeError, TypeError):
        raise InvalidRowError(f"{name}: broken JSON") from None
    if not isinstance(parsed, list):
        raise InvalidRowError(f"{name}: its JSON is not a list")
    return parsed


def _texts(values: Values, name: str) -> list[str]:
    return [each if isinstance(each, str) else json_text(each) for each in _list(values, name)]
