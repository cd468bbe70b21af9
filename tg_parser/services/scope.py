"""Permissions of one caller: its role, and the sources its key is limited to. All interfaces go through here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tg_parser.domain.errors import ForbiddenError, JobNotFoundError, TgParserError, UnknownSourceError
from tg_parser.domain.jobs import Job, JobState, JsonObject
from tg_parser.domain.keys import Action, Actor, require
from tg_parser.domain.sources import Source, SourceChange, SourceStatus
from tg_parser.services.job_requests import JobWebhook, checked
from tg_parser.services.jobs import Asking, JobService
from tg_parser.services.keys import KeyService
from tg_parser.services.reading.service import ReadingService
from tg_parser.services.searching.service import SearchService
from tg_parser.services.sources import SourceService
from tg_parser.services.topic_edits import TopicEditService
from tg_parser.services.views.collecting import RemovedSource
from tg_parser.services.views.topic_edits import EditedTopic
from tg_parser.services.webhooks import WebhookService

EXPORTING = frozenset({"export", "run"})
"""Kinds of jobs that write a knowledge base."""
ADMINISTRATIVE = frozenset({"backup", "cleanup"})
"""Kinds of jobs that affect the whole installation."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The services of an installation, without restrictions."""

    sources: SourceService
    jobs: JobService
    reading: ReadingService
    search: SearchService
    keys: KeyService
    webhooks: WebhookService
    topic_edits: TopicEditService


class Scope:
    """The installation as seen by one caller; other sources are treated as if they did not exist."""

    def __init__(
        self, whole: Installation, actor: Actor, request_id: str | None = None, idempotency_key: str | None = None
    ) -> None:
        self._whole = whole
        self._actor = actor
        self._asking = Asking(actor.name, request_id, idempotency_key)
        self._own: list[Source] | None = None

    @property
    def actor(self) -> Actor:
        """Return who calls, and from where."""
        return self._actor

    @property
    def limit(self) -> frozenset[str] | None:
        """Return the ids of the sources that the caller is limited to; None without a limit."""
        return None if self._actor.key is None else self._actor.key.sources

    def require(self, action: Action, *, everywhere: bool = False) -> None:
        """Raise ForbiddenError if the role does not allow `action`, or if a limited key requests something that affects
        the whole installation (`everywhere`)."""
        key = self._actor.key
        if key is None:
            return
        require(key, action)
        if everywhere and key.sources is not None:
            raise ForbiddenError(
                f"The key {key.key_id} is limited to some sources, but this affects the whole installation.",
                case="beyond_own_sources",
                key_id=key.key_id,
            )

    async def require_still_valid(self) -> None:
        """Raise UnauthorizedError if the caller's key has expired or been revoked since the request began."""
        if self._actor.key is not None:
            await self._whole.keys.require_still_valid(self._actor.key)

    async def log(self, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
        """Record a change by this caller in the audit log."""
        await self._whole.keys.log(self._actor, action, subject, details or {})

    async def sources(self) -> list[Source]:
        """Return the visible sources, by id."""
        limit = self.limit
        return [each for each in await self._whole.sources.list() if limit is None or each.source_id in limit]

    async def _own_sources(self) -> list[Source]:
        """Return the sources as first read: a scope lasts for one request."""
        if self._own is None:
            self._own = await self.sources()
        return self._own

    async def source(self, source_id: str) -> Source:
        """Return one source. Raises UnknownSourceError, which only mentions sources visible to the caller."""
        limit = self.limit
        if limit is None or source_id in limit:
            return await self._whole.sources.get(source_id)
        known = ", ".join(each.source_id for each in await self.sources()) or "none"
        raise UnknownSourceError(
            f"There is no source {source_id!r}.", case="unknown_source_id", source_id=source_id, known=known
        )

    async def channels(self) -> frozenset[str] | None:
        """Return the channels whose messages are visible; None means all."""
        if self.limit is None:
            return None
        return frozenset(each.channel_id for each in await self._own_sources())

    async def channels_of(self, source_ids: Collection[str] | None) -> tuple[str, ...] | None:
        """Return the channels of sources, by default of all visible ones; None means all. Raises UnknownSourceError."""
        if source_ids:
            return tuple(sorted({(await self.source(each)).channel_id for each in source_ids}))
        allowed = await self.channels()
        return None if allowed is None else tuple(sorted(allowed))

    async def reading(self) -> ReadingService:
        """Return a reading service limited to what the caller may see."""
        channels = await self.channels()
        return self._whole.reading if channels is None else self._whole.reading.restricted_to(channels)

    async def search(self) -> SearchService:
        """Return a search limited to what the caller may see."""
        channels = await self.channels()
        return self._whole.search if channels is None else self._whole.search.restricted_to(channels)

    async def topic_edits(self) -> TopicEditService:
        """Return what lists edits of topics, limited to what the caller may see."""
        channels = await self.channels()
        return self._whole.topic_edits if channels is None else self._whole.topic_edits.restricted_to(channels)

    async def edit_topics(self, edit: Callable[[TopicEditService, str], Awaitable[EditedTopic]]) -> EditedTopic:
        """Do something to topics in the caller's name, and log it. Raises what the edit raises, and ForbiddenError."""
        self.require("work")
        key = self._actor.key
        done = await edit(await self.topic_edits(), key.name if key else self._actor.name)
        what = done.edit.kind if done.edit.undone_at is None else "undo"
        await self.log(f"topics.{what}", done.edit.topic_id, {"edit": done.edit.number})
        return done

    async def add_source(self, change: SourceChange) -> Source:
        """Add a source, or change the given settings of an existing one. Raises ForbiddenError, UsageError."""
        self.require("work")
        if self.limit is not None:
            # A new source, or another chat under an own source, would show a limited key more than it may see.
            self._require_own(change)
            await self.source(change.source_id)
        source = await self._whole.sources.add(change)
        await self.log("sources.save", source.source_id, change.model_dump(mode="json", exclude_unset=True))
        return source

    async def set_status(self, source_id: str, status: SourceStatus) -> Source:
        """Pause or resume a source."""
        self.require("work")
        await self.source(source_id)
        source = await self._whole.sources.set_status(source_id, status)
        await self.log(f"sources.{'pause' if status == 'paused' else 'resume'}", source_id)
        return source

    async def remove_source(self, source_id: str, *, with_data: bool) -> RemovedSource:
        """Remove a source, optionally with its data."""
        self.require("administer")
        await self.source(source_id)
        held = await self._whole.sources.holdings(source_id)
        await self._whole.sources.remove(source_id, with_data=with_data)
        await self.log("sources.remove", source_id, {"with_data": with_data})
        return RemovedSource(removed=source_id, with_data=with_data, held=held)

    async def submit(self, kind: str, parameters: JsonObject, webhook: JobWebhook | None = None) -> Job:
        """Submit a job. Raises UsageError, UnknownSourceError, NotFoundError, ForbiddenError, AddressRefusedError."""
        administrative = kind in ADMINISTRATIVE
        self.require("administer" if administrative else "work", everywhere=administrative)
        wanted = checked(kind, parameters).source_ids()
        if self.limit is not None and kind in EXPORTING:
            parameters = {**parameters, "own_topics": True}
        if self.limit is not None and wanted is None:
            parameters = {**parameters, "sources": [each.source_id for each in await self.sources()]}
        for source_id in wanted or ():
            await self.source(source_id)
        if (topic_id := parameters.get("topic_id")) is not None:
            await (await self.reading()).topics.require(topic_id)
        asking = self._asking
        if webhook is not None:
            secret = webhook.secret.get_secret_value()
            asking = replace(asking, webhook=await self._whole.webhooks.of_job(webhook.url, secret, self._actor))
        job = await self._whole.jobs.submit(kind, parameters, asking)
        await self.log(f"jobs.{kind}", job.job_id, parameters)
        return job

    async def job(self, job_id: str) -> Job:
        """Return a job. Raises JobNotFoundError."""
        job = await self._whole.jobs.get(job_id)
        if not await self.sees(job):
            raise JobNotFoundError(job_id)
        return job

    async def exported(self, job_id: str) -> Job:
        """Return a job whose files the caller may download. Raises JobNotFoundError, ForbiddenError."""
        job = await self.job(job_id)
        if self.limit is not None and job.parameters.get("own_topics") is False:
            raise ForbiddenError(
                f"The files of job {job_id} may contain data of sources that the key has no access to.",
                case="beyond_own_sources",
                key_id=self._actor.name,
            )
        return job

    async def sees(self, job: Job) -> bool:
        """Return whether all sources of a job are visible to the caller.

        Having submitted the job with the same key is not enough: the key may since have lost access to a source.
        """
        if self.limit is None:
            return True
        if job.channel_id in (await self.channels() or ()):
            # Parameters contain the source's id at that time; its channel does not change when it is renamed.
            return True
        wanted = _sources_of(job)
        # A newer source has taken the id of one that was removed.
        own = {each.source_id for each in await self._own_sources() if each.created_at <= job.created_at}
        return bool(wanted) and own.issuperset(wanted)

    async def jobs(
        self,
        *,
        limit: int,
        before: str | None = None,
        states: Collection[JobState] = (),
        kinds: Collection[str] = (),
        source_id: str | None = None,
    ) -> list[Job]:
        """Return jobs older than the job `before`, newest first."""
        channels = await self.channels()
        asked_by = None if self.limit is None else self._actor.name
        if source_id is not None:
            channels, asked_by = frozenset([(await self.source(source_id)).channel_id]), None
        seen: list[Job] = []
        while len(seen) < limit:
            page = await self._whole.jobs.page(
                limit=limit, before=before, states=states, kinds=kinds, channels=channels, asked_by=asked_by
            )
            seen += [job for job in page if await self.sees(job)]
            if len(page) < limit:
                break
            before = page[-1].job_id
        return seen[:limit]

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job. Raises JobNotFoundError, JobStateError."""
        self._require_for(await self.job(job_id))
        job = await self._whole.jobs.cancel(job_id)
        await self.log("jobs.cancel", job_id)
        return job

    async def retry(self, job_id: str) -> Job:
        """Submit the same job again. Raises JobNotFoundError, JobStateError."""
        old = await self.job(job_id)
        self._require_for(old)
        for source_id in _sources_of(old):
            await self.source(source_id)
        job = await self._whole.jobs.retry(job_id, self._asking)
        await self.log("jobs.retry", job_id, {"job_id": job.job_id})
        return job

    def _require_for(self, job: Job) -> None:
        administrative = job.kind in ADMINISTRATIVE
        self.require("administer" if administrative else "work", everywhere=administrative)

    def _require_own(self, change: SourceChange) -> None:
        if self.limit is not None and (
            change.source_id not in self.limit or change.model_fields_set & {"channel_id", "channel_username"}
        ):
            raise ForbiddenError(
                "A key that is limited to some sources cannot add sources or assign other chats to its own.",
                case="beyond_own_sources",
                source_id=change.source_id,
            )


def _sources_of(job: Job) -> tuple[str, ...]:
    try:
        return checked(job.kind, job.parameters).source_ids() or ()
    except TgParserError:
        # Stored by a version with other parameters.
        return ()
