"""Makes the engines of a PostgreSQL server; only here, and in what this imports, psycopg is loaded."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import NullPool
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.storage.engine.connecting import connect_whole
from tg_parser.storage.engine.postgres_address import connect_arguments, hosts, postgres_url, session_parameters
from tg_parser.storage.engine.sessions import prepare_postgres
from tg_parser.storage.tables.columns import json_text

REPLICA_CONNECT_SECONDS = 3


def create_server_engine(settings: DatabaseSettings) -> AsyncEngine:
    """The pool for all three databases. Raises SettingsError."""
    return _postgres_engine(settings, postgres_url(settings))


def create_lock_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Connections outside the pool, for locks that are held for a whole run."""
    return _postgres_engine(settings, postgres_url(settings), pooled=False)


def create_replica_engines(settings: DatabaseSettings) -> dict[str, AsyncEngine]:
    """An engine for every read replica, by `host:port`, with the primary's credentials. Raises SettingsError."""
    url = postgres_url(settings)
    servers = hosts(settings.replica_hosts, url.port or settings.port)
    # A replica that is down must not keep the reader waiting: there is still the primary.
    return {
        f"{host}:{port}": _postgres_engine(
            settings, url.set(host=host, port=port), connect_timeout=REPLICA_CONNECT_SECONDS
        )
        for host, port in servers
    }


def _postgres_engine(settings: DatabaseSettings, url: URL, *, pooled: bool = True, **arguments: Any) -> AsyncEngine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {
            "pool_size": settings.pool_size,
            "max_overflow": settings.max_overflow,
            "pool_timeout": settings.pool_timeout,
            "pool_recycle": settings.pool_recycle,
            "pool_pre_ping": settings.pool_pre_ping,
        }
    engine = create_async_engine(
        url,
        **pool,
        connect_args={**connect_arguments(settings, url), **arguments, "async_creator_fn": connect_whole},
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        hide_parameters=True,
    )
    prepare_postgres(engine.sync_engine, session_parameters(settings) if settings.transaction_pooler else {})
    return engine
