"""Which sources a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.cli.options import exactly_one

if TYPE_CHECKING:
    from tg_parser.domain.sources import Source
    from tg_parser.wiring.app import App


async def chosen_sources(app: App, source: str | None, channel: str | None, *, every: bool = False) -> list[Source]:
    """The one source named by id or by chat, or every one that is not paused: what a failed one holds still counts."""
    exactly_one(source=source, channel=channel, all=every)
    if source:
        return [await app.sources.get(source)]
    if channel:
        return [await app.sources.by_channel(channel)]
    return [each for each in await app.sources.list() if each.status != "paused"]


async def channels_asked_for(app: App, source: str | None, channel: str | None) -> tuple[str, ...] | None:
    """The channel of the one source that is named; None, which is all, where none is."""
    if source is None and channel is None:
        return None
    return tuple(channels_of(await chosen_sources(app, source, channel)))


def channels_of(sources: list[Source]) -> list[str]:
    """The channels behind `sources`, each once, in order."""
    return list(dict.fromkeys(source.channel_id for source in sources))
