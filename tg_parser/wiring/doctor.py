"""Builds the doctor, which opens the application itself and continues if that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from tg_parser.config.near_names import near_names
from tg_parser.config.settings import Settings, variable_names
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.doctor.service import Doctor, OpenInstallation
from tg_parser.storage.engine.databases import open_databases
from tg_parser.wiring.backups import backup_service
from tg_parser.wiring.health import figures_over, health_over
from tg_parser.wiring.shared import open_shared


def doctor(load: Callable[[], Settings], *, online: bool, clock: Callable[[], datetime] = utc_now) -> Doctor:
    """Return the checks of the installation whose settings `load` returns."""
    return Doctor(load, lambda: near_names(variable_names()), _opened, backup_service, online=online, clock=clock)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[OpenInstallation]:
    once = settings.model_copy(update={"retry": settings.retry.model_copy(update={"max_attempts": 1})})
    async with (
        open_databases(once, prepare=False, begin=True) as databases,
        open_shared(once, databases) as shared,
    ):
        stores = shared.stores
        yield OpenInstallation(
            databases,
            list(dict.fromkeys(each.place for each in databases.all)),
            health_over(databases, once, figures_over(databases, stores.sources)),
            stores.sources,
            stores.accounts,
            stores.keys,
            shared.login,
        )
