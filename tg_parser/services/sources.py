"""Sources: add, change, find, pause, rename and remove them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog

from tg_parser.domain.date_parsing import require_span
from tg_parser.domain.errors import AccountError, InvalidPeerError, SourceError, UnknownSourceError, UsageError
from tg_parser.domain.messages import Adapter, Chat
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.domain.sources import Source, SourceChange, SourceStatus
from tg_parser.domain.utc_time import utc_now
from tg_parser.export.links import ChatAddress
from tg_parser.services.identity import learned, matching, names_lost, names_seen, owner_of, require_same_chat
from tg_parser.services.source_ids import require_source_id, source_id_for
from tg_parser.services.views.collecting import Holdings
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.job_channels import JobChannels
from tg_parser.storage.stores.keys import KeyStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicStorage

log = structlog.get_logger(__name__)


class SourceService:
    """The registry of sources, by id and by any form of their chat."""

    def __init__(
        self,
        sources: IngestionStorage,
        raw: RawStorage,
        documents: ProcessingStorage,
        topics: TopicStorage,
        *,
        keys: KeyStorage,
        jobs: JobChannels,
    ) -> None:
        self._sources = sources
        self._raw = raw
        self._documents = documents
        self._topics = topics
        self._keys = keys
        self._jobs = jobs

    async def add(self, change: SourceChange) -> Source:
        """Add a source, or change the given settings of an existing one. Raises InvalidPeerError, UsageError."""
        known = await self._sources.get(change.source_id)
        _require_history(change, known)
        wanted = _with_identity(change, known)
        if known is not None and wanted.channel_id is not None and wanted.channel_id != known.channel_id:
            name = wanted.channel_username or known.channel_username or ""
            if name.lower() == known.channel_id:
                await self._jobs.renamed(known.channel_id, wanted.channel_id, known.created_at)
        return await self._sources.save_source(wanted, utc_now())

    async def ensure(self, chat: Chat, source: Source | None = None, *, via: Adapter = "export") -> Source:
        """Return the source that collects `chat`: the given one, an existing one, or a new one with a readable id.

        The chat's number and current name are saved. Raises UsageError, SourceError for another chat.
        """
        known = await self.list()
        source = source or owner_of(chat, known)
        if source is None:
            source = await self._sources.save_source(_new_source(chat, known, via), utc_now())
        else:
            require_same_chat(source, chat)
            holds_messages = (await self._raw.summary(source.channel_id)).total > 0
            if news := learned(source, chat, via, holds_messages=holds_messages, now=utc_now()):
                if "channel_id" in news:
                    # Jobs first: if killed in between, the next run finds the source unchanged and repeats this.
                    await self._jobs.renamed(source.channel_id, news["channel_id"], source.created_at)
                change = SourceChange(source_id=source.source_id, **news)
                source = await self._sources.save_source(change, utc_now())
        await self._take_name_from_others(source, known)
        return source

    async def list(self) -> list[Source]:
        """Return all sources by id."""
        return await self._sources.list_sources()

    async def collecting(self, channel_id: str) -> Sequence[Source]:
        """Return the sources of a channel, by id. There may be several, under its number and under its name."""
        return [each for each in await self.list() if channel_id in (each.channel_id, each.peer_id)]

    async def get(self, source_id: str) -> Source:
        """Return a source. Raises UnknownSourceError."""
        source = await self._sources.get(source_id)
        if source is None:
            known = ", ".join(each.source_id for each in await self.list()) or "none yet"
            raise UnknownSourceError(
                f"There is no source {source_id!r}.",
                case="unknown_source_id",
                source_id=source_id,
                known=known,
            )
        return source

    async def by_channel(self, written: str) -> Source:
        """Return the source of a chat given in any form or by stored channel id. Raises UnknownSourceError."""
        if (source := await self.find(written)) is not None:
            return source
        raise UnknownSourceError(f"No source collects the chat {written!r}.", case="unknown_chat", chat=written)

    async def find(self, written: str) -> Source | None:
        """Return the source of a chat given in any form, or None."""
        return matching(_lenient_peer(written), written, await self.list())

    async def of_channel(self, written: str) -> Source:
        """Return the source for a chat whose file does not identify it, adding one if needed."""
        if (held := await self.find(written)) is not None:
            return held
        peer = parse_peer(written)
        known = {source.source_id for source in await self.list()}
        source_id = source_id_for(Chat(channel_id=peer.canonical, username=peer.username), known)
        return await self.add(SourceChange(source_id=source_id, channel_id=written, via="export"))

    async def rename(self, source_id: str, new_id: str) -> Source:
        """Change the id of a source; its data is stored by chat and stays as it is.

        Raises UnknownSourceError, UsageError, SourceError if the new id is taken.
        """
        require_source_id(new_id)
        await self.get(source_id)
        if await self._sources.get(new_id) is not None:
            raise SourceError(f"A source {new_id!r} already exists.", case="source_id_taken", source_id=new_id)
        # Keys first: if stopped in between, no key sees a later source with the old id; a second call completes this.
        await self._keys.source_renamed(source_id, new_id)
        await self._sources.rename(source_id, new_id, utc_now())
        return await self.get(new_id)

    async def set_status(self, source_id: str, status: SourceStatus) -> Source:
        """Pause or resume a source."""
        await self.get(source_id)
        await self._sources.set_status(source_id, status, utc_now())
        return await self.get(source_id)

    async def due(self, now: datetime, limit: int) -> Sequence[Source]:
        """Return sources that may be due for a poll, the longest waiting first."""
        return await self._sources.due(now, limit)

    async def set_next_polls(self, moments: Mapping[str, datetime]) -> None:
        """Save when sources have to be checked next, by their ids."""
        await self._sources.set_next_polls(moments)

    async def forget_next_polls(self) -> None:
        """Have every source checked again: intervals may have changed."""
        await self._sources.forget_next_polls()

    async def resume_after_login(self) -> tuple[str, ...]:
        """Resume the sources that failed because of the account, after a person has logged in; return their ids."""
        resumed = []
        for source in await self._sources.list_sources("error"):
            last = await self._sources.attempts(source.source_id, limit=1)
            if last and last[0].error_class == AccountError.__name__:
                await self._sources.set_status(source.source_id, "active", utc_now())
                resumed.append(source.source_id)
        return tuple(resumed)

    async def holdings(self, source_id: str) -> Holdings:
        """Return what is stored of a source's channel."""
        channel = (await self.get(source_id)).channel_id
        messages = await self._raw.summary(channel)
        documents = await self._documents.counts(channel)
        cards = await self._topics.cards(channel_ids=[channel])
        return Holdings(messages=messages.total, documents=documents.documents, topics=len(cards))

    async def remove(self, source_id: str, *, with_data: bool) -> None:
        """Remove a source; with `with_data` also its channel's topics, documents and messages, unless shared."""
        source = await self.get(source_id)
        shared = await self._sources.find_by_channel(source.channel_id)
        if with_data and len(shared) == 1:
            # In reverse order of the pipeline: if killed in between, a second call finds and removes the rest.
            await self._topics.delete_channel(source.channel_id)
            await self._documents.delete_channel(source.channel_id)
            await self._raw.delete_channel(source.channel_id)
        await self._keys.source_removed(source_id)
        await self._sources.remove(source_id)

    async def addresses(self, channel_ids: Collection[str] | None = None) -> dict[str, ChatAddress]:
        """Return the addresses needed for links, by channel id, of some channels or all."""
        return {
            row["channel_id"]: ChatAddress(
                row["channel_username"], row["channel_title"], row["channel_kind"], row["peer_id"]
            )
            for row in await self._sources.addresses(channel_ids)
        }

    async def names(self, channel_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the titles and usernames of channels, sorted."""
        of_channels = [each for each in await self.list() if each.channel_id in channel_ids]
        return tuple(
            sorted({name for each in of_channels for name in (each.channel_title, each.channel_username) if name})
        )

    async def _take_name_from_others(self, owner: Source, known: Sequence[Source]) -> None:
        """Remove a name from sources of other chats: a name belongs to one chat."""
        names = {each.name for each in owner.names if each.until is None}
        for other in known:
            same_chat = other.source_id == owner.source_id or other.channel_id == owner.channel_id
            lost = {} if same_chat else names_lost(other, names, utc_now())
            if lost:
                await self._sources.save_source(SourceChange(source_id=other.source_id, **lost), utc_now())
                gone = ", ".join(f"@{name}" for name in sorted(names) if other.has_name(name))
                log.warning(f"{gone} now leads to {_shown(owner)}, no longer to {_shown(other)}.")


def _shown(source: Source) -> str:
    return f"{source.channel_title or source.channel_id} (source {source.source_id})"


def _new_source(chat: Chat, known: Sequence[Source], via: Adapter) -> SourceChange:
    return SourceChange(
        source_id=source_id_for(chat, {source.source_id for source in known}),
        channel_id=chat.channel_id,
        channel_username=chat.username,
        channel_names=names_seen((), chat, via, utc_now()) or None,
        channel_title=chat.title,
        channel_kind=chat.kind,
        via="export" if via == "export" else None,
    )


def _with_identity(change: SourceChange, known: Source | None) -> SourceChange:
    """Return `change` with its chat in canonical form; a new source without a chat takes its own id as the name."""
    given: dict[str, str] = {}
    if change.channel_id is not None:
        peer = parse_peer(change.channel_id)
        given["channel_id"] = peer.canonical
        if peer.username:
            given["channel_username"] = peer.username
    if change.channel_username is not None:
        username = parse_peer(change.channel_username).username
        if username is None:
            raise InvalidPeerError(change.channel_username)
        given["channel_username"] = username
    if known is None and "channel_id" not in given:
        name = given.get("channel_username") or _peer_of_id(change.source_id)
        peer = parse_peer(name)
        given["channel_id"] = peer.canonical
        if peer.username:
            given["channel_username"] = peer.username
    return SourceChange(**{**change.model_dump(exclude_unset=True), **given})


def _require_history(change: SourceChange, known: Source | None) -> None:
    dates = {"history_from": None, "history_to": None}
    held = {} if known is None else known.model_dump(include=set(dates))
    given = change.model_dump(include=set(dates), exclude_unset=True)
    if given:
        wanted = {**dates, **held, **given}
        require_span(wanted["history_from"], wanted["history_to"])


def _peer_of_id(source_id: str) -> str:
    try:
        parse_peer(source_id)
    except InvalidPeerError as error:
        raise UsageError(
            f"Source {source_id!r} does not name a chat.", case="source_without_chat", source_id=source_id
        ) from error
    return source_id


def _lenient_peer(written: str) -> Peer:
    try:
        return parse_peer(written)
    except InvalidPeerError:
        return Peer(written, None)
