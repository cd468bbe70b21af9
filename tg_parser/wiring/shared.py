"""What all runs of a process share: databases, Telegram adapters, connections to models, worker processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from tg_parser.config.settings import Settings
from tg_parser.llm.access import SharedModels
from tg_parser.storage.engine.databases import Databases
from tg_parser.wiring.stores import Stores, stores_over

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.api import TelegramApi
    from tg_parser.ingestion.web.preview import WebPreview
    from tg_parser.processing.worker_pool import WorkerPool
    from tg_parser.services.login import LoginService


class Shared:
    """Shared parts, created by `open_shared`, which also closes everything opened here."""

    def __init__(self, settings: Settings, databases: Databases, closing: AsyncExitStack) -> None:
        self.databases = databases
        self.stores: Stores = stores_over(databases)
        self.models = SharedModels()
        self._settings = settings
        self._closing = closing
        self._telegram: tuple[WebPreview, TelegramApi] | None = None
        self._login: LoginService | None = None
        self._workers: WorkerPool | None = None

    @property
    def workers(self) -> WorkerPool:
        """Return the processes for text tools; they start when there is enough work."""
        if self._workers is None:
            from tg_parser.processing.worker_pool import WorkerPool, all_cores  # noqa: PLC0415 - as below

            most = self._settings.processing.workers
            self._workers = WorkerPool(all_cores() if most is None else most)
            self._closing.push_async_callback(self._workers.close)
        return self._workers

    @property
    def telegram(self) -> tuple[WebPreview, TelegramApi]:
        """Return the adapters for Telegram; each connects when first used."""
        if self._telegram is None:
            # Imported here, so that commands that only read stored data start faster.
            from tg_parser.ingestion.telegram.api import TelegramApi  # noqa: PLC0415
            from tg_parser.ingestion.web.preview import WebPreview  # noqa: PLC0415

            settings, max_wait = self._settings, self._settings.collecting.max_wait
            web = WebPreview(settings.web, settings.retry, max_wait)
            api = TelegramApi(settings.telegram, settings.retry, max_wait, self.stores.accounts, self.databases.locks)
            self._closing.push_async_callback(web.close)
            self._closing.push_async_callback(api.close)
            self._telegram = web, api
        return self._telegram

    @property
    def login(self) -> LoginService:
        """Return the login service, which handles one attempt at a time."""
        if self._login is None:
            # Imported here, so that commands that only read stored data start faster.
            from tg_parser.services.login import LoginService  # noqa: PLC0415

            settings, stores = self._settings, self.stores
            self._login = LoginService(
                settings.telegram, settings.retry, stores.accounts, self.databases.locks, self.give_back_account
            )
            self._closing.push_async_callback(self._login.cancel)
        return self._login

    async def give_back_account(self) -> None:
        """Release the Telegram session if it is only kept open for the next chat."""
        if self._telegram is not None:
            await self._telegram[1].give_back()


@asynccontextmanager
async def open_shared(settings: Settings, databases: Databases) -> AsyncIterator[Shared]:
    """Yield what runs share; parts are opened when needed and closed in order."""
    async with AsyncExitStack() as closing:
        shared = Shared(settings, databases, closing)
        closing.push_async_callback(shared.models.close)
        yield shared
