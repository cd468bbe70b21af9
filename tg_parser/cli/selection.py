"""Selects the sources that a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.cli.options import exactly_one

if TYPE_CHECKING:
    from tg_parser.domain.sources import Source
    from tg_parser.wiring.app import App


async def chosen_sources(app: App, source: str | None, channel: str | None, *, every: bool = False) -> list[Source]:
    """Return the source given by id or chat, or all that are not paused, including failed ones with stored messages."""
    exactly_one(source=source, channel=channel, all=every)
    if source:
        return [await app.sources.get(source)]
    if channel:
        return [await app.sources.by_channel(channel)]
    return [each for each in await app.sources.list() if each.status != "paused"]


async def channels_asked_for(app: App, source: str | None, channel: str | None) -> tuple[str, ...] | None:
    """Return the channel of the given source, or None for all channels if no source is given."""
    if source is None and channel is None:
        return None
    return tuple(channels_of(await chosen_sources(app, source, channel)))


def channels_of(sources: list[Source]) -> list[str]:
    """Return the channels of `sources`, in order and without duplicates."""
    return list(dict.fromkeys(source.channel_id for source in sources))
