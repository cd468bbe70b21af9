"""The three databases of a deployment, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tg_parser.config.settings import Settings
from tg_parser.storage.engine.advisory_locks import AdvisoryLocks
from tg_parser.storage.engine.engine_factory import (
    create_engine_from_settings,
    sqlite_path,
    wait_until_it_answers,
)
from tg_parser.storage.engine.locks import LOCKS, FileLocks, Locks
from tg_parser.storage.engine.migrator import ensure_schema
from tg_parser.storage.engine.pool import Pool, logged
from tg_parser.storage.engine.replicas import Reader, Replica, Replicas
from tg_parser.storage.engine.server_check import check_server
from tg_parser.storage.engine.sqlite_places import require_fit_places
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.tables import DatabaseName


@dataclass(frozen=True, slots=True)
class Databases:
    """Ingestion, raw and processing, and the locks that keep processes off each other's work."""

    ingestion: Database
    raw: Database
    processing: Database
    locks: Locks
    replicas: Replicas | None = None

    @property
    def all(self) -> tuple[Database, Database, Database]:
        """In the order of the main job."""
        return self.ingestion, self.raw, self.processing

    @property
    def read_databases(self) -> Databases:
        """The same databases for reads that may be a few seconds old: from a healthy replica if there is one."""
        if self.replicas is None:
            return self
        ingestion, raw, processing = (Reader(each, self.replicas) for each in self.all)
        return Databases(ingestion, raw, processing, self.locks, self.replicas)

    @property
    def pools(self) -> dict[str, Pool]:
        """Every pool of this process by the name of its target: one on PostgreSQL, one per file on SQLite."""
        found = {id(each.pool): (each.name, each.pool) for each in reversed(self.all)}
        pools = {name if len(found) > 1 else "primary": pool for name, pool in reversed(found.values())}
        return pools | {f"replica {each.name}": each.pool for each in self.replica_states}

    @property
    def replica_states(self) -> tuple[Replica, ...]:
        """The read replicas as of the last check."""
        return tuple(self.replicas.all) if self.replicas else ()


@asynccontextmanager
async def open_databases(settings: Settings, *, prepare: bool = True, begin: bool = True) -> AsyncIterator[Databases]:
    """Connect; `prepare` also creates missing schemas and refuses incompatible ones. Raises StorageError.

    Without `begin`, a home that was named must already contain them.
    """
    if settings.database.type == "sqlite":
        require_fit_places(settings, begin=begin)
    databases = _connectable(settings)
    try:
        # The raw file first: the others read it too, and their errors would name the wrong file if it cannot be read.
        for database in (databases.raw, databases.ingestion, databases.processing):
            await wait_until_it_answers(database, settings.retry)
        if settings.database.type == "postgresql":
            await check_server(databases.ingestion, settings.database.pool_limit)
        if prepare:
            for database in databases.all:
                await ensure_schema(database)
        async with logged(databases.pools, settings.database.pool_log_minutes), _watched(databases.replicas):
            yield databases
    finally:
        # Connections that only read the raw file close first: the last one to leave a SQLite file merges its log,
        # and only a writer can.
        for database in (databases.ingestion, databases.processing, databases.raw):
            await database.close()


@asynccontextmanager
async def _watched(replicas: Replicas | None) -> AsyncIterator[None]:
    if replicas is None:
        yield
    else:
        async with replicas.watched():
            yield


def _connectable(settings: Settings) -> Databases:
    return _on_server(settings) if settings.database.type == "postgresql" else _in_files(settings)


def _on_server(settings: Settings) -> Databases:
    # psycopg is not needed, and takes a while to load, where there is no server.
    from tg_parser.storage.engine.postgres_engine import create_lock_engine, create_replica_engines  # noqa: PLC0415

    engine = create_engine_from_settings(settings, "ingestion")
    pool = Pool(engine, settings.database.pool_limit)
    names: tuple[DatabaseName, ...] = ("ingestion", "raw", "processing")
    ingestion, raw, processing = (Database(name, engine, pool=pool, retry=settings.retry) for name in names)
    locks = AdvisoryLocks(create_lock_engine(settings.database), pooled=settings.database.transaction_pooler)
    replicas = create_replica_engines(settings.database)
    watched = Replicas(pool, replicas, settings.database) if replicas else None
    return Databases(ingestion, raw, processing, locks, watched)


def _in_files(settings: Settings) -> Databases:
    def opened(name: DatabaseName) -> Database:
        engine = create_engine_from_settings(settings, name)
        return Database(name, engine, pool=Pool(engine, settings.database.pool_limit), retry=settings.retry)

    folder = sqlite_path(settings.database, "processing").parent / LOCKS
    return Databases(opened("ingestion"), opened("raw"), opened("processing"), FileLocks(folder))
