"""Examines an installation: makes every possible check, whatever the others find."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import SettingsError, TgParserError
from tg_parser.domain.sources import Source
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.web.clock import time_of_server
from tg_parser.services.backups import BackupService
from tg_parser.services.doctor.access import check_api_keys, check_model, check_session
from tg_parser.services.doctor.finding import CheckName, Finding, advised, examine, failure, skipped
from tg_parser.services.doctor.installation import check_backup, check_database, check_migrations, check_worker
from tg_parser.services.doctor.machine import check_clock, check_disk
from tg_parser.services.health import HealthService
from tg_parser.services.login import LoginService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.server_check import server_time
from tg_parser.storage.engine.sqlite_places import there_are_files
from tg_parser.storage.stores.accounts import AccountStorage
from tg_parser.storage.stores.keys import KeyStorage
from tg_parser.storage.stores.sources import IngestionStorage


@dataclass(frozen=True, slots=True)
class OpenInstallation:
    """The parts of an installation to check."""

    databases: Databases
    places: Sequence[str]
    health: HealthService
    sources: IngestionStorage
    accounts: AccountStorage
    keys: KeyStorage
    login: LoginService


Open = Callable[[Settings], AbstractAsyncContextManager[OpenInstallation]]

_IN_SCHEMAS: tuple[CheckName, ...] = ("session", "api keys", "worker")
_IN_DATABASES: tuple[CheckName, ...] = ("migrations", *_IN_SCHEMAS)
_ALL: tuple[CheckName, ...] = ("disk", "database", *_IN_DATABASES, "clock", "model", "backup")


class Doctor:
    """Makes the checks in order, without changing anything; with `online`, also of Telegram, model and web preview."""

    def __init__(
        self,
        load: Callable[[], Settings],
        misspelt: Callable[[], Mapping[str, str]],
        opened: Open,
        backups: Callable[[Settings], BackupService],
        *,
        online: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._load = load
        self._misspelt = misspelt
        self._opened = opened
        self._backups = backups
        self._online = online
        self._clock = clock

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield the findings as soon as they are known."""
        try:
            settings = self._load()
        except SettingsError as error:
            yield failure("settings", error)
            for finding in skipped(_ALL, "The settings have to be valid first."):
                yield finding
            return
        yield self._settings()
        yield check_disk(settings)
        async for finding in self._in_databases(settings):
            yield finding
        yield await examine("model", lambda: check_model(settings.llm, online=self._online))
        yield await examine("backup", lambda: self._check_backup(settings))

    def _settings(self) -> Finding:
        misspelt = self._misspelt()
        if not misspelt:
            return Finding("settings", "ok", "All settings are valid.")
        names = "; ".join(
            f"{name} is not a known setting, perhaps {meant} is meant" for name, meant in misspelt.items()
        )
        return Finding("settings", "warning", f"{names}.", "Correct the name in the environment or in .env.")

    async def _in_databases(self, settings: Settings) -> AsyncIterator[Finding]:
        if settings.database.type == "sqlite" and not there_are_files(settings.database):
            nothing = "There are no databases yet."
            yield advised("database", "warning", nothing, case="nothing_yet")
            async for finding in self._without_databases(settings, nothing):
                yield finding
            return
        try:
            async with self._opened(settings) as opened:
                async for finding in self._in_opened(settings, opened):
                    yield finding
        except TgParserError as error:
            yield failure("database", error)
            async for finding in self._without_databases(settings, "The database has to respond first."):
                yield finding

    async def _without_databases(self, settings: Settings, why: str) -> AsyncIterator[Finding]:
        for finding in skipped(_IN_DATABASES, why):
            yield finding
        yield await examine("clock", lambda: self._check_clock(settings))

    async def _in_opened(self, settings: Settings, opened: OpenInstallation) -> AsyncIterator[Finding]:
        yield await examine("database", lambda: check_database(opened.health, opened.places))
        migrations = await examine("migrations", lambda: check_migrations(opened.databases))
        yield migrations
        if migrations.status == "failed":
            for finding in skipped(_IN_SCHEMAS, "The schemas have to be right first."):
                yield finding
            yield await examine("clock", lambda: self._check_clock(settings, opened.databases))
            return
        sources = await opened.sources.list_sources()
        yield await examine("clock", lambda: self._check_clock(settings, opened.databases, sources))
        yield await examine("session", lambda: self._check_session(settings, opened, sources))
        yield await examine("api keys", lambda: self._check_keys(settings, opened))
        yield await examine("worker", lambda: check_worker(opened.health))

    async def _check_clock(
        self, settings: Settings, databases: Databases | None = None, sources: Sequence[Source] = ()
    ) -> Finding:
        others: dict[str, datetime] = {}
        if databases is not None and (shown := await server_time(databases.processing)) is not None:
            others[databases.processing.place] = shown
        if self._online:
            others[settings.web.base_url] = await time_of_server(settings.web)
        latest = max((each.last_success_at for each in sources if each.last_success_at), default=None)
        return check_clock(self._clock(), others, latest)

    async def _check_session(self, settings: Settings, opened: OpenInstallation, sources: Sequence[Source]) -> Finding:
        in_need = [each.source_id for each in sources if each.via == "api"]
        return await check_session(
            settings.telegram, opened.accounts, opened.login, needed=bool(in_need), online=self._online
        )

    async def _check_keys(self, settings: Settings, opened: OpenInstallation) -> Finding:
        return check_api_keys(await opened.keys.list(), self._clock(), required=settings.api.key_required)

    async def _check_backup(self, settings: Settings) -> Finding:
        if settings.database.type == "sqlite" and not there_are_files(settings.database):
            return Finding("backup", "skipped", "There is nothing to back up yet.")
        return check_backup(await self._backups(settings).all(), self._clock())
