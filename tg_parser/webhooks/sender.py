"""Sends a webhook: connects only to checked addresses, and reads the beginning of the answer."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore
import httpx
from standardwebhooks.webhooks import Webhook as Signer

from tg_parser import __version__
from tg_parser.domain.errors import AddressRefusedError, HostNotFoundError
from tg_parser.domain.retry_after import asked_seconds
from tg_parser.domain.utc_time import utc_now
from tg_parser.domain.webhooks import Delivery, ReceiverAnswer, headers_of
from tg_parser.webhooks.addresses import AddressRules

MOST_READ = 4096
"""Maximum bytes of an answer to read."""
_KEPT = 500
_TIMES_OUT = (TimeoutError, httpcore.TimeoutException)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses a name resolves to now, if allowed; a second lookup could give different ones."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the method of the base
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts; TLS still checks the name."""
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in await self._rules.addresses(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class WebhookSender:
    """Sends deliveries, each on a separate connection. `tls` verifies receivers, by default as usual."""

    def __init__(self, rules: AddressRules, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        self._rules = rules
        self._timeout = timeout
        self._tls = tls or httpx.create_ssl_context()

    async def send(self, delivery: Delivery, url: str, secrets: Iterable[str]) -> ReceiverAnswer:
        """Make one attempt, signed with each of `secrets`; return the answer or the error."""
        at, began = utc_now(), time.monotonic()
        signed = tuple(Signer(each).sign(delivery.delivery_id, at, delivery.body) for each in secrets)
        try:
            await self._rules.require_allowed(url)
            async with asyncio.timeout(self._timeout):
                status, body, headers = await self._post(url, delivery.body.encode(), headers_of(delivery, at, signed))
        except AddressRefusedError as error:
            return ReceiverAnswer(at, _since(began), error=error.message, final=True)
        except HostNotFoundError as error:
            return ReceiverAnswer(at, _since(began), error=error.message)
        except _TIMES_OUT:
            return ReceiverAnswer(at, _since(began), error=f"No answer within {self._timeout:g} seconds.")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return ReceiverAnswer(at, _since(began), error=f"{type(error).__name__}: {error}"[:_KEPT])
        asked = asked_seconds(headers.get("retry-after", ""), headers.get("date", ""), utc_now())
        return ReceiverAnswer(at, _since(began), status, body, asked_wait=asked)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
        told = {**headers, "user-agent": f"tg-parser/{__version__}", "connection": "close"}
        async with (
            httpcore.AsyncConnectionPool(self._tls, network_backend=CheckedNetwork(self._rules)) as pool,
            pool.stream("POST", url, headers=list(told.items()), content=body) as response,
        ):
            read = await _beginning(response)
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return response.status, read.decode("utf-8", "replace")[:_KEPT], answered


async def _beginning(response: httpcore.Response) -> bytes:
    read = bytearray()
    async for part in response.aiter_stream():
        read += part
        if len(read) >= MOST_READ:
            break
    return bytes(read[:MOST_READ])


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
