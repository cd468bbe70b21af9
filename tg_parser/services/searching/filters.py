"""Filters of a query as the stores know them: channels and topics by id, as far as the caller may see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tg_parser.domain.errors import InvalidPeerError, InvalidQueryError
from tg_parser.search.query import SearchFilter, SearchQuery
from tg_parser.services.reading.access import Access

WRITTEN = {
    "channels": "from:",
    "date_from": "after:",
    "date_to": "before:",
    "language": "lang:",
    "topic": "topic:",
    "kind": "type:",
    "has": "has:",
    "tone": "tone:",
    "author": "author:",
}
"""Each filter as it is written in a query."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The channels to search, None for all, and the messages of the topic if one is named."""

    channel_ids: tuple[str, ...] | None
    refs: frozenset[str] | None


async def bounds_of(wanted: SearchFilter, access: Access) -> Bounds:
    """Look the channels and the topic up. Raises InvalidQueryError, NotFoundError."""
    named = [await _channel(access, written) for written in wanted.channels] or None
    refs = None
    if wanted.topic is not None:
        await access.require_topic(wanted.topic)
        bundle = await access.topics.bundle(wanted.topic)
        refs = frozenset(item.source_ref for item in bundle.items) if bundle else frozenset()
    return Bounds(access.narrowed(named), refs)


def with_one_filter_less(query: SearchQuery) -> Iterator[tuple[str, SearchQuery]]:
    """The query without each of its filters in turn, and how that filter is written."""
    empty = SearchFilter()
    for name, written in WRITTEN.items():
        if getattr(query.filter, name) != getattr(empty, name):
            yield written, replace(query, filter=replace(query.filter, **{name: getattr(empty, name)}))
    for place, group in enumerate(query.required):
        less = (*query.required[:place], *query.required[place + 1 :])
        if less or query.words:
            yield f'"{group[0]}"', replace(query, required=less)
    for place, phrase in enumerate(query.excluded):
        less_excluded = (*query.excluded[:place], *query.excluded[place + 1 :])
        yield f"-{phrase}", replace(query, excluded=less_excluded)


async def _channel(access: Access, written: str) -> str:
    channels = {source.source_id: source.channel_id for source in await access.sources.list()}
    channel_id = channels.get(written) or await _channel_of_chat(access, written)
    if channel_id is None or not access.allows(channel_id):
        raise InvalidQueryError(
            f"from:{written} is no source.",
            "from: takes the id of a source, or a chat that is collected.",
            filter="from",
        )
    return channel_id


async def _channel_of_chat(access: Access, written: str) -> str | None:
    try:
        source = await access.sources.find(written)
    except InvalidPeerError:
        return None
    return None if source is None else source.channel_id
