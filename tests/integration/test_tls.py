"""TLS to PostgreSQL: the product's own driver against a server that speaks it, with an authority of the tests.

The TLS is spoken by a proxy before the server, in PostgreSQL's own way, as the server of the tests is built without.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from fresh_databases import settings_of
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection
from tcp_proxy import proxy_to

from tg_parser.domain.errors import StorageError, StorageUnavailableError
from tg_parser.storage.engine.databases import open_databases

pytestmark = pytest.mark.postgres


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def database(variables: dict[str, str], context: ssl.SSLContext, **tls: Any) -> AsyncIterator[Any]:
    """The databases through a server that speaks TLS with `context`."""
    url = make_url(variables["DB_URL"])
    async with proxy_to(url.port, context) as proxy:
        address = url.set(port=proxy.port).render_as_string(hide_password=False)
        given = {name: str(value) for name, value in tls.items()}
        async with open_databases(settings_of({**variables, "DB_URL": address, **given}), prepare=False) as opened:
            yield opened.raw


async def over_tls(variables: dict[str, str], context: ssl.SSLContext, **tls: Any) -> bool:
    """Whether the connection is over TLS, as the client sees it."""
    async with database(variables, context, **tls) as raw:

        async def ask(conn: AsyncConnection) -> bool:
            assert await conn.scalar(text("SELECT 1")) == 1
            return (await conn.get_raw_connection()).driver_connection.pgconn.ssl_in_use

        return await raw.read(ask)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_connection_is_over_tls(postgres_variables: dict[str, str], authority: Authority, mode: str) -> None:
    """Every mode that demands TLS gets it; the strictest checks authority and name."""
    root = {} if mode == "require" else {"DB_SSLROOTCERT": authority.certificate}
    assert await over_tls(postgres_variables, authority.server_context("127.0.0.1"), DB_SSLMODE=mode, **root)


async def test_tls_of_the_server_itself_is_used_where_it_has_some(postgres_variables: dict[str, str]) -> None:
    """Without any setting a connection is encrypted exactly where the server offers that, as the server sees it."""
    async with open_databases(settings_of(postgres_variables), prepare=False) as opened:
        (offered,) = await opened.raw.rows(text("SELECT current_setting('ssl') = 'on' AS tls"))
        (used,) = await opened.raw.rows(text("SELECT ssl AS tls FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    assert used == offered


async def test_name_must_fit_in_the_strictest_mode_alone(
    postgres_variables: dict[str, str], authority: Authority
) -> None:
    """A certificate for another name is refused by verify-full, as a final error about TLS, and taken by verify-ca."""
    context, root = authority.server_context("db.example"), {"DB_SSLROOTCERT": authority.certificate}
    assert await over_tls(postgres_variables, context, DB_SSLMODE="verify-ca", **root)
    with pytest.raises(StorageError, match="over TLS") as refused:
        await over_tls(postgres_variables, context, DB_SSLMODE="verify-full", **root)
    assert not isinstance(refused.value, StorageUnavailableError)
    assert "DB_SSLROOTCERT" in refused.value.hint


async def test_authority_that_is_not_trusted_is_refused(
    postgres_variables: dict[str, str], authority: Authority, tmp_path: Path
) -> None:
    """A certificate signed by somebody else opens nothing."""
    other = Authority(tmp_path, "Somebody Else")
    with pytest.raises(StorageError, match="over TLS"):
        await over_tls(
            postgres_variables,
            other.server_context("127.0.0.1"),
            DB_SSLMODE="verify-full",
            DB_SSLROOTCERT=authority.certificate,
        )


async def test_server_without_tls_is_refused_where_it_is_demanded(postgres_variables: dict[str, str]) -> None:
    """DB_SSLMODE=require never falls back to a connection in the clear."""
    url = make_url(postgres_variables["DB_URL"])
    async with proxy_to(url.port) as proxy:
        clear = {**postgres_variables, "DB_URL": url.set(port=proxy.port).render_as_string(hide_password=False)}
        with pytest.raises(StorageError, match="over TLS"):
            async with open_databases(settings_of({**clear, "DB_SSLMODE": "require"}), prepare=False):
                pass
        async with open_databases(settings_of({**clear, "DB_SSLMODE": "prefer"}), prepare=False):
            pass


async def test_client_certificate_is_shown_to_a_server_that_asks(
    postgres_variables: dict[str, str], authority: Authority
) -> None:
    """DB_SSLCERT and DB_SSLKEY open a server that lets only known clients in."""
    certificate, key = authority.signed("client")
    context = authority.server_context("127.0.0.1", asks_for=authority)
    shown = {"DB_SSLCERT": certificate, "DB_SSLKEY": key}
    assert await over_tls(postgres_variables, context, DB_SSLMODE="require", **shown)
