"""A receiver of webhooks on this machine, in a thread of its own, and a check of signatures that knows nothing of ours.

with Receiver() as receiver:
    receiver.plan = [Reply(500), Reply(429, {"Retry-After": "30"})]     # to the first requests; then 204
    ...
    receiver.requests[0].headers["webhook-id"], verified(receiver.requests[0], secret)
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """An answer; `seconds` is how long it takes."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Receiver:
    """Listens on a port of 127.0.0.1; over TLS with a context, whose clients' server names are kept in `names`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.plan: list[Reply] = []
        self.connections = 0
        self.names: list[str | None] = []
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.names.append(name)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        ready = threading.Event()

        async def main() -> None:
            self._loop, self._quit = asyncio.get_running_loop(), asyncio.Event()
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._quit.wait()
            server.close()

        self._thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._quit.set)
        self._thread.join(10)

    def until(self, number: int, seconds: float = 60) -> list[Received]:
        """The requests, once so many have come. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while len(self.requests) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.requests)} of {number} requests came")
            time.sleep(0.02)
        return self.requests

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in head[1:] if each)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Received(head[0].split()[1], headers, body))
            reply = self.plan.pop(0) if self.plan else Reply()
            await asyncio.sleep(reply.seconds)
            told = {"Content-Length": str(len(reply.body)), "Connection": "close", **reply.headers}
            lines = [f"HTTP/1.1 {reply.status} Told", *(f"{name}: {value}" for name, value in told.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)
            await writer.drain()
        writer.close()


def verified(received: Received, secret: str, *, now: float | None = None) -> bool:
    """Whether a request was signed with `secret` less than five minutes ago, as standardwebhooks.com asks to check."""
    moment = received.headers["webhook-timestamp"]
    if abs((time.time() if now is None else now) - int(moment)) > 300:
        return False
    signed = f"{received.headers['webhook-id']}.{moment}.".encode() + received.body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(wanted, each) for each in received.headers["webhook-signature"].split(" "))
