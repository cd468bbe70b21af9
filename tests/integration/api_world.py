"""An installation with two channels behind the API: what it holds, keys of every kind, and clients that use them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from samples import CHANNEL, NOW, document, message, topic
from starlette.types import ASGIApp

from tg_parser.api.wiring import opened
from tg_parser.config.api_settings import ApiSettings, RateLimitSettings
from tg_parser.config.secrets import encrypted
from tg_parser.config.settings import Settings
from tg_parser.config.webhook_settings import WebhookSettings
from tg_parser.domain.keys import Actor
from tg_parser.domain.sources import SourceChange
from tg_parser.services.jobs import JobService
from tg_parser.services.keys import KeyService
from tg_parser.services.webhooks import WebhookService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import Failure, ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.wiring.app import App, open_app
from tg_parser.wiring.jobs import job_service
from tg_parser.wiring.webhooks import webhook_service

OTHER = "-1009"
PERSON = Actor("user test", "here")
DAY = timedelta(days=1)
ONE, TWO = "one_source", "two_source"
POST = f"tg:{CHANNEL}:post:1"
TOPIC = topic(2)[0].id


def with_api(settings: Settings, *, limits: Mapping[str, Any] | None = None, **api: Any) -> Settings:
    """Settings with those of the API changed; nothing is limited but what `limits` says."""
    limited = {"enabled": False} if limits is None else dict(limits)
    return settings.model_copy(
        update={
            "api": ApiSettings(_env_file=None, **api),
            "rate_limits": RateLimitSettings(_env_file=None, **limited),
        }
    )


def _with_webhooks(settings: Settings) -> Settings:
    """Webhooks may lead to this machine, and their secrets can be kept."""
    key_file = Path(tempfile.mkdtemp()) / "key"
    encrypted("", key_file)
    database = settings.database.model_copy(update={"encryption_key_file": key_file})
    webhooks = WebhookSettings(_env_file=None, allowed_networks="127.0.0.0/8")
    return settings.model_copy(update={"database": database, "webhooks": webhooks})


async def fill(databases: Databases) -> None:
    """Two channels with messages, documents, a failure and a topic each."""
    raw, documents, topics = (
        RawStorage(databases.raw),
        ProcessingStorage(databases.processing),
        TopicStorage(databases.processing),
    )
    for channel in (CHANNEL, OTHER):
        posts = [message(number, f"Text {number}", channel=channel) for number in range(1, 8)]
        await raw.store(posts, NOW)
        await documents.store([document(number, f"Text {number}", channel=channel) for number in range(1, 7)])
        failed = Failure(f"tg:{channel}:post:7", channel, 0, "AnalysisError", "It broke.", NOW)
        await documents.record_failures([failed])
        await topics.replace([channel], [topic(2, 1, 3, channel=channel, title="Own")], [], TopicRun("f", NOW, {}))


@dataclass(frozen=True)
class World:
    """The application, its services, and the API over them."""

    app: App
    api: ASGIApp
    app_jobs: JobService
    webhooks: WebhookService

    @property
    def keys(self) -> KeyService:
        """The keys of the installation."""
        return self.app.keys

    def client(self, key: str | None = None, **options: Any) -> httpx.AsyncClient:
        """A client that shows a key."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(self.api, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers, **options)

    async def key(self, role: Any = "reader", *sources: str, lasts: timedelta | None = None) -> str:
        """The secret of a new key."""
        fresh = await self.keys.create(f"a {role}", role, PERSON, sources=sources or None, lasts=lasts)
        return fresh.secret

    async def key_of(self, role: Any, *sources: str) -> str:
        """The id of a new key."""
        return (await self.keys.create("spare", role, PERSON, sources=sources or None)).key.key_id

    async def spoiled_keys(self) -> dict[str, str | None]:
        """Keys that open nothing, by what is wrong with them."""
        revoked = await self.keys.create("revoked", "admin", PERSON)
        await self.keys.revoke(revoked.key.key_id, PERSON)
        long_ago = KeyService(self.app.shared.stores.keys, self.app.sources, lambda: datetime(2020, 1, 1, tzinfo=UTC))
        expired = await long_ago.create("expired", "admin", PERSON, lasts=DAY)
        return {
            "none": None,
            "bad": "tgp_000000000000_" + "x" * 43,
            "malformed": "key",
            "expired": expired.secret,
            "revoked": revoked.secret,
        }


@asynccontextmanager
async def world_of(settings: Settings, *, with_jobs: bool = False) -> AsyncIterator[World]:
    """The world over fresh databases."""
    async with open_app(_with_webhooks(settings)) as app:
        await fill(app.shared.databases)
        for name, channel in ((ONE, CHANNEL), (TWO, OTHER)):
            await app.sources.add(SourceChange(source_id=name, channel_id=channel))
        async with opened(app, with_jobs=with_jobs) as served:
            yield World(app, served.app, job_service(app), webhook_service(app))
            served.stop()
