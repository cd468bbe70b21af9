"""Turns settings into the address of a PostgreSQL server and the driver's connection options."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tg_parser.config.database_settings import DatabaseSettings
from tg_parser.domain.errors import SettingsError

APPLICATION_NAME = "tg-parser"
CONNECT_TIMEOUT_SECONDS = 10
_DRIVER = "postgresql+psycopg"
_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg2", _DRIVER})
_URL_HINT = "Use the form postgresql://user:password@host:5432/name, with special characters percent-encoded."
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:(?P<port>\d{1,5}))?")

# A peer that vanished is noticed within a minute, idle or in the middle of a statement.
_LIVELINESS = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}


def postgres_url(settings: DatabaseSettings) -> URL:
    """The address from DB_URL or from its parts; the parts may contain any character. Raises SettingsError."""
    password = settings.password.get_secret_value() or None
    if settings.url is None:
        return URL.create(
            _DRIVER,
            username=settings.user,
            password=password,
            host=settings.host,
            port=settings.port,
            database=settings.name,
        )
    url = _parsed(settings.url.get_secret_value())
    if url.password is not None and password is not None and url.password != password:
        raise SettingsError(
            "DB_URL and DB_PASSWORD* contain different passwords.", "Keep one of them, remove the other."
        )
    return url if url.password is not None else url.set(password=password)


def _parsed(value: str) -> URL:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        # The library's error would repeat the URL with its password.
        raise SettingsError("DB_URL is not a URL.", _URL_HINT) from None
    if url.drivername not in _SCHEMES:
        raise SettingsError(f"DB_URL starts with {url.drivername}://, which is not PostgreSQL.", _URL_HINT)
    if problem := next(_problems(url), None):
        raise SettingsError(f"DB_URL {problem}.", _URL_HINT)
    return url.set(drivername=_DRIVER)


def _problems(url: URL) -> Iterator[str]:
    # An unencoded @ splits the password, and the second half would be shown as the host.
    if "@" in f"{url.host}{url.database}":
        yield "has more than one @"
    if not url.database:
        yield "does not name a database"
    if url.port is not None and not 0 < url.port < 65536:
        yield f"has the port {url.port}, which is not valid"
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    for name in url.query:
        if name not in known:
            yield f"has the parameter {name}, which is unknown to PostgreSQL"


def hosts(value: str, default_port: int) -> list[tuple[str, int]]:
    """The servers of a list such as `replica1,replica2:5433,[::1]:5434`. Raises SettingsError."""
    found = []
    for part in filter(None, (each.strip() for each in value.split(","))):
        match = _HOST.fullmatch(part)
        port = int(match["port"] or default_port) if match else 0
        if match is None or not 0 < port < 65536:
            raise SettingsError(
                f"DB_REPLICA_HOSTS: {part!r} is not a server.", "Use host or host:port, separated by commas."
            )
        found.append((match["host"].strip("[]"), port))
    return found


def connect_arguments(settings: DatabaseSettings, url: URL) -> dict[str, Any]:
    """What psycopg gets besides the URL. Raises SettingsError."""
    arguments: dict[str, Any] = {
        "application_name": f"{APPLICATION_NAME}:{os.getpid()}",
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        **_LIVELINESS,
        **_tls_arguments(settings, url),
    }
    if settings.transaction_pooler:
        # What one transaction prepares would be missing in the next, which has another session.
        return {**arguments, "prepare_threshold": None}
    given = url.query.get("options", "")
    ours = [f"-c {name}={value}" for name, value in session_parameters(settings).items()]
    return {**arguments, "options": " ".join([given if isinstance(given, str) else " ".join(given), *ours]).strip()}


def conninfo(settings: DatabaseSettings) -> str:
    """Address and options as one string, for a library that connects by itself. Raises SettingsError."""
    url = postgres_url(settings)
    given = {**url.query, **url.translate_connect_args(username="user", database="dbname")}
    options = {name: value for name, value in connect_arguments(settings, url).items() if name != "prepare_threshold"}
    return psycopg.conninfo.make_conninfo(**{**given, **options})


def session_parameters(settings: DatabaseSettings) -> dict[str, str]:
    """The server's parameters that apply to all our statements."""
    return {
        "statement_timeout": f"{settings.statement_timeout * 1000}",
        "lock_timeout": f"{settings.lock_timeout * 1000}",
        "idle_in_transaction_session_timeout": f"{settings.idle_in_transaction_timeout * 1000}",
        "timezone": "UTC",
        # A generic plan for arrays assumes ten elements and a small table; ours have thousands, and the table grows.
        "plan_cache_mode": "force_custom_plan",
    }


def _tls_arguments(settings: DatabaseSettings, url: URL) -> dict[str, str]:
    files = {
        "DB_SSLROOTCERT": settings.sslrootcert,
        "DB_SSLCERT": settings.sslcert,
        "DB_SSLKEY": settings.sslkey,
    }
    mode = settings.sslmode or url.query.get("sslmode")
    if settings.sslrootcert and mode not in {"verify-ca", "verify-full"}:
        raise SettingsError(
            "DB_SSLROOTCERT is set, but nothing is checked against it.", "Set DB_SSLMODE=verify-full (or verify-ca)."
        )
    if bool(settings.sslcert) != bool(settings.sslkey):
        raise SettingsError("DB_SSLCERT and DB_SSLKEY belong together, and one is missing.", "Set both, or neither.")
    for variable, path in files.items():
        if path is not None and str(path) != "system" and not _readable(path):
            raise SettingsError(f"{variable}: {path} cannot be read.", "Give a file in PEM format.")
    given = {"sslmode": settings.sslmode, "sslrootcert": settings.sslrootcert}
    given |= {"sslcert": settings.sslcert, "sslkey": settings.sslkey}
    return {name: str(value) for name, value in given.items() if value is not None}


def _readable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK)
