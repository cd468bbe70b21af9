"""Converts topics to rows and back (pure): a card and the head of its bundle are one row, each item is another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tg_parser.domain.storable import storable_json
from tg_parser.domain.topics import BundleItem, TimeRange, TopicBundle, TopicCard, TopicChange, TopicEdit

_JSON = ("scope_in", "scope_out", "anchors", "sources", "tags", "related_topics", "metadata")
_PLAIN = ("id", "title", "summary", "type", "status", "level", "parent_id", "hidden", "pinned", "dormant", "updated_at")
_RUN_ONLY = {"dormant"}
"""What no card changes: only the end of a run does, which records it."""
_EDIT = ("by", "kind", "topic_id", "other_id", "title", "old_title")

Row = dict[str, Any]


def topic_row(card: TopicCard, bundle: TopicBundle) -> Row:
    """The row of a topic; its channel is that of its first anchor."""
    facts = storable_json(card.model_dump(mode="json"))
    time_range = bundle.time_range
    return {
        **{name: facts[name] for name in _PLAIN if name not in _RUN_ONLY},
        "updated_at": card.updated_at,
        "channel_id": card.anchors[0].channel_id,
        **{f"{name}_json": facts[name] for name in _JSON},
        "bundle_updated_at": bundle.updated_at,
        "bundle_time_from": time_range.from_ if time_range else None,
        "bundle_time_to": time_range.to if time_range else None,
        "bundle_channels_json": list(bundle.channels),
        "bundle_metadata_json": storable_json(bundle.metadata),
    }


def item_rows(bundle: TopicBundle) -> list[Row]:
    """The rows of a bundle's items, in their order."""
    return [
        {**storable_json(item.model_dump(mode="json")), "topic_id": bundle.topic_id, "position": position}
        for position, item in enumerate(bundle.items)
    ]


def card_of(row: Mapping[str, Any]) -> TopicCard:
    """The card of a topic's row."""
    return TopicCard(**{name: row[name] for name in _PLAIN}, **{name: row[f"{name}_json"] for name in _JSON})


def bundle_of(row: Mapping[str, Any], items: Sequence[BundleItem]) -> TopicBundle:
    """The bundle of a topic's row and its items."""
    first, last = row["bundle_time_from"], row["bundle_time_to"]
    return TopicBundle(
        topic_id=row["id"],
        items=tuple(items),
        updated_at=row["bundle_updated_at"],
        time_range=TimeRange.model_validate({"from": first, "to": last}) if first and last else None,
        channels=row["bundle_channels_json"],
        metadata=row["bundle_metadata_json"],
    )


def change_row(change: TopicChange, channel_id: str) -> Row:
    """The row of a step in a topic's life."""
    facts = storable_json(change.model_dump(mode="json", exclude={"at", "messages"}))
    return {**facts, "channel_id": channel_id, "at": change.at, "messages_json": list(change.messages)}


def change_of(row: Mapping[str, Any]) -> TopicChange:
    """The step that a row holds."""
    facts = {name: row[name] for name in TopicChange.model_fields if name != "messages"}
    return TopicChange(**facts, messages=row["messages_json"])


def edit_row(edit: TopicEdit, channel_id: str) -> Row:
    """The row of what a person did to a topic, which gets its number when it is stored."""
    facts = storable_json(edit.model_dump(mode="json", include=set(_EDIT)))
    lists = {"messages_json": list(edit.messages), "before_json": storable_json(edit.model_dump(mode="json")["before"])}
    return {**facts, **lists, "channel_id": channel_id, "at": edit.at}


def edit_of(row: Mapping[str, Any]) -> TopicEdit:
    """What a person did to a topic, by its row."""
    facts = {name: row[name] for name in TopicEdit.model_fields if name not in ("messages", "before")}
    return TopicEdit(**facts, messages=row["messages_json"], before=row["before_json"])
