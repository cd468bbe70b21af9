"""What people do to topics: each edit takes effect at once and holds for all later runs, until it is undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from tg_parser.domain.errors import ForbiddenError, NotFoundError, TopicEditError, UsageError
from tg_parser.domain.refs import naming_ref, parse_source_ref
from tg_parser.domain.topics import BundleItem, TopicCard, TopicEdit, TopicEditKind, TopicLevel
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.views.topic_edits import EditedTopic
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topic_edits import EditedTopics, TopicEditStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.by_hand import plans
from tg_parser.topics.by_hand.bench import Bench
from tg_parser.topics.by_hand.describing import described
from tg_parser.topics.by_hand.undoing import undo
from tg_parser.topics.finalizing import Topic
from tg_parser.topics.grouping.constraints import by_hand
from tg_parser.topics.model import TopicDocument

_LONGEST = 200
_AT_ONCE = 500


class TopicEditService:
    """Edits topics in the name of a person, one process at a time and never while a run is at work on them.

    `allowed` are the channels whose topics may be edited; None means all.
    """

    def __init__(
        self,
        topics: TopicStorage,
        edits: TopicEditStorage,
        documents: ProcessingStorage,
        locks: Locks,
        allowed: Collection[str] | None = None,
    ) -> None:
        self._topics = topics
        self._edits = edits
        self._documents = documents
        self._locks = locks
        self._allowed = allowed

    def restricted_to(self, channel_ids: Collection[str]) -> TopicEditService:
        """Return the same service for somebody limited to these channels."""
        return TopicEditService(self._topics, self._edits, self._documents, self._locks, frozenset(channel_ids))

    async def list(self, channel_ids: Sequence[str] | None) -> list[TopicEdit]:
        """Return all edits of the topics of channels, of all if None, undone ones too, oldest first."""
        found = await self._topics.edits(channel_ids)
        return [edit for edit in found if self._allowed is None or _channels_of(edit) <= set(self._allowed)]

    async def rename(self, topic_id: str, title: str, by: str) -> EditedTopic:
        """Give a topic a title that no run changes. Raises NotFoundError, UsageError, TopicEditError, BusyError."""
        title = _line(title, "A title")
        async with self._bench([topic_id], by) as bench:
            card = _editable(bench, topic_id)
            await self._require_free(title, card)
            bench.update(topic_id, title=title)
            bench.note(topic_id, "renamed", f"a person gave it this title; before: {card.title}")
            return await self._done(bench, "rename", topic_id, title=title, old_title=card.title)

    async def hide(self, topic_id: str, by: str) -> EditedTopic:
        """Leave a topic out of lists, search and exports. Raises NotFoundError, TopicEditError, BusyError."""
        return await self._marked(topic_id, by, "hide", "hidden")

    async def pin(self, topic_id: str, by: str) -> EditedTopic:
        """Let a topic stand first, and no run end or change it. Raises NotFoundError, TopicEditError, BusyError."""
        return await self._marked(topic_id, by, "pin", "pinned")

    async def merge(self, topic_id: str, other_id: str, by: str) -> EditedTopic:
        """Make another topic a part of a topic. Raises NotFoundError, TopicEditError, BusyError."""
        async with self._bench([topic_id, other_id], by) as bench:
            for each in (topic_id, other_id):
                _editable(bench, each)
            before = plans.merge(bench, topic_id, other_id)
            refs = tuple(sorted(bench.members[topic_id]))
            return await self._done(bench, "merge", topic_id, other_id=other_id, messages=refs, before=before)

    async def split(self, topic_id: str, refs: Iterable[str], by: str, title: str | None = None) -> EditedTopic:
        """Make messages of a topic a new one. Raises NotFoundError, UsageError, TopicEditError, BusyError."""
        title = _line(title, "A title") if title is not None else None
        async with self._bench([topic_id], by) as bench:
            card = _editable(bench, topic_id)
            chosen = self._messages(bench, refs)
            if title is not None:
                await self._require_free(title, card)
            make = await self._maker(card, chosen, title, bench.now)
            new, before = plans.split(bench, topic_id, chosen, make)
            facts: dict[str, Any] = {"other_id": new, "title": title, "messages": tuple(sorted(chosen))}
            return await self._done(bench, "split", topic_id, before=before, **facts)

    async def move(self, refs: Iterable[str], topic_id: str, by: str) -> EditedTopic:
        """Make messages, or all messages of events, messages of a topic and of no other one of its level.

        Raises NotFoundError, UsageError, TopicEditError, BusyError.
        """
        named = tuple(refs)
        events = [each for each in named if each.startswith("topic:")]
        messages = [each for each in named if each not in events]
        async with self._bench([topic_id, *events], by, messages) as bench:
            for each in (topic_id, *events):
                _editable(bench, each)
            chosen = self._messages(bench, named)
            before = plans.move(bench, chosen, topic_id)
            return await self._done(bench, "move", topic_id, messages=tuple(sorted(chosen)), before=before)

    async def undo(self, number: int | None, by: str, topic_id: str | None = None) -> EditedTopic:
        """Take back an edit, by default the last one (of a topic). Raises NotFoundError, TopicEditError, BusyError."""
        edit = await self._edits.last(topic_id) if number is None else await self._edits.one(number)
        if edit is None:
            what = "There is no edit to undo." if number is None else f"There is no edit {number}."
            raise NotFoundError(what, case="no_edit")
        await self._require([edit.topic_id], edit)
        if edit.undone_at is not None:
            raise TopicEditError(f"Edit {edit.number} is undone already.", case="undone_already", number=edit.number)
        ids = {edit.topic_id, *([edit.other_id] if edit.other_id else ()), *edit.before}
        async with self._bench(sorted(ids), by, edit.messages, edit) as bench:
            every = await self._topics.edits(sorted({card.anchors[0].channel_id for card, _ in bench.topics.values()}))
            undo(bench, edit, [one for one in every if one.number != edit.number])
            undone = edit.model_copy(update={"undone_at": bench.now, "undone_by": by})
            self._require_own(bench)
            if not await self._edits.undo(undone, EditedTopics(bench.result(), bench.changes)):
                raise TopicEditError(f"Edit {edit.number} is undone already.", case="undone_already")
            return EditedTopic(edit=undone, changes=tuple(bench.changes))

    async def _marked(self, topic_id: str, by: str, kind: TopicEditKind, fact: str) -> EditedTopic:
        async with self._bench([topic_id], by) as bench:
            card = _active(bench, topic_id)
            if getattr(card, fact):
                case = "hidden_already" if kind == "hide" else "pinned_already"
                raise TopicEditError(f"Topic {topic_id!r} is {fact} already.", case=case, topic_id=topic_id)
            bench.update(topic_id, **{fact: True})
            bench.note(topic_id, "hidden" if kind == "hide" else "pinned", "a person wants it so")
            return await self._done(bench, kind, topic_id)

    async def _done(self, bench: Bench, kind: TopicEditKind, topic_id: str, **facts: Any) -> EditedTopic:
        self._require_own(bench)
        edit = TopicEdit(number=0, at=bench.now, by=bench.by, kind=kind, topic_id=topic_id, **facts)
        stored = await self._edits.add(edit, EditedTopics(bench.result(), bench.changes))
        return EditedTopic(edit=stored, changes=tuple(bench.changes))

    @asynccontextmanager
    async def _bench(
        self, ids: Sequence[str], by: str, refs: Collection[str] = (), undone: TopicEdit | None = None
    ) -> AsyncIterator[Bench]:
        """The topics to work on as they are now, kept for the length of the block. Raises NotFoundError, BusyError."""
        by = _line(by, "The name of who edits")
        if undone is None:
            await self._require(ids)
        channels = {channel for card, _ in await self._topics.around(ids, refs) for channel in _channels(card)}
        async with AsyncExitStack() as held:
            for channel in sorted(channels):
                await held.enter_async_context(self._locks.exclusive(f"topicize:{channel}"))
            found = {card.id: (card, bundle) for card, bundle in await self._topics.around(ids, refs)}
            members = {item.source_ref for _, bundle in found.values() for item in bundle.items}
            edits = await self._topics.edits(sorted(channels))
            said = by_hand(
                [one for one in edits if one != undone], {id_: card.level for id_, (card, _) in found.items()}
            )
            still = {id_ for id_, what in said.items() if what.is_held}
            yield Bench(by, utc_now(), found, await self._dates(members), still)

    async def _require(self, ids: Sequence[str], edit: TopicEdit | None = None) -> None:
        seen = await self._topics.titles(ids, self._allowed)
        for each in ids:
            if each not in seen and edit is not None:
                raise NotFoundError(f"There is no edit {edit.number}.", case="no_edit")
            if each not in seen:
                raise NotFoundError(f"There is no topic {each!r}.", case="no_topic", topic_id=each)

    def _require_own(self, bench: Bench) -> None:
        """Raise ForbiddenError if somebody limited to some channels would change a topic of others."""
        changed = {channel for card, _ in bench.result() for channel in _channels(card)}
        if self._allowed is not None and not changed <= set(self._allowed):
            raise ForbiddenError("This would change topics of other sources, too.", case="beyond_own_sources")

    def _messages(self, bench: Bench, named: Iterable[str]) -> set[str]:
        """The messages that are named, or whose events are."""
        found = {ref for each in named for ref in (bench.members[each] if each in bench.topics else (each,))}
        if not found:
            raise UsageError("Name at least one message.")
        return found

    async def _require_free(self, title: str, card: TopicCard) -> None:
        titles = await self._topics.titles_of(_channels(card))
        for id_, taken in titles.items():
            if id_ != card.id and taken.casefold() == title.casefold():
                raise TopicEditError(f"Topic {id_!r} has this title.", case="title_taken", topic_id=id_)

    async def _maker(self, card: TopicCard, refs: Collection[str], title: str | None, now: datetime) -> plans.MakeTopic:
        """What makes a topic of messages of a topic."""
        taken = await self._topics.windows.ids_named_after(refs)
        titles = {each.casefold() for each in (await self._topics.titles_of(_channels(card))).values()}
        rows = await self._rows(refs, with_text=True)
        documents = [TopicDocument.of(row) for row in rows.values()]

        def make(items: Sequence[BundleItem], level: TopicLevel) -> Topic:
            known = [item for item in items if item.source_ref in rows]
            if len(known) < len(items):
                raise TopicEditError("Some of these messages no longer exist: topicize first.", case="no_document")
            new, bundle = described(known, level, documents, taken=taken, titles=titles, now=now)
            return (new.model_copy(update={"title": title}) if title else new), bundle

        return make

    async def _dates(self, refs: Collection[str]) -> dict[str, datetime]:
        return {ref: row["message_date"] for ref, row in (await self._rows(refs)).items()}

    async def _rows(self, refs: Collection[str], *, with_text: bool = False) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        ordered = sorted(refs)
        for start in range(0, len(ordered), _AT_ONCE):
            wanted = DocumentFilter(source_refs=tuple(ordered[start : start + _AT_ONCE]), with_text=with_text)
            async for page in self._documents.pages(wanted, _AT_ONCE):
                found.update({row["source_ref"]: row for row in page})
        return found


def _channels(card: TopicCard) -> list[str]:
    return sorted({card.anchors[0].channel_id, *card.sources})


def _channels_of(edit: TopicEdit) -> set[str]:
    ids = {edit.topic_id, *edit.before, *([edit.other_id] if edit.other_id else ())}
    refs = {*map(naming_ref, ids), *edit.messages, *(ref for own in edit.before.values() for ref in own)}
    return {parse_source_ref(ref).channel_id for ref in refs}


def _active(bench: Bench, topic_id: str) -> TopicCard:
    card = bench.card(topic_id)
    if card.status != "active":
        raise TopicEditError(f"Topic {topic_id!r} is over.", case="topic_over", topic_id=topic_id)
    return card


def _editable(bench: Bench, topic_id: str) -> TopicCard:
    card = _active(bench, topic_id)
    if card.level == "wanted":
        raise TopicEditError(
            f"Topic {topic_id!r} is one that was asked for: change it in the file of known topics.",
            case="asked_for",
            topic_id=topic_id,
        )
    return card


def _line(text: str, what: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > _LONGEST:
        raise UsageError(f"{what} has 1 to {_LONGEST} characters.")
    return said
