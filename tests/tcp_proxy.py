"""A TCP proxy on this machine that does before a server what networks do: delay, refuse, cut, change sides."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Seen = Callable[[bytes], Awaitable[bool]]
_SSL_REQUEST = (80877103).to_bytes(4, "big")


def _end(stream: asyncio.StreamWriter) -> None:
    """End a connection without a farewell; one under TLS whose other side has gone already may be half ended."""
    with contextlib.suppress(AttributeError):
        # Python before 3.11.4 forgets that the transport below may be gone.
        stream.transport.abort()


class TcpProxy:
    """Passes bytes on to `target` (a port of this machine). Each switch may be turned at any time."""

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.port = 0
        self.refusing = False
        self.delay = 0.0
        self.muted = False
        """What the server answers does not arrive."""
        self.accepted = 0
        self.before_forwarding: Seen | None = None
        """Asked with what the client sends; False keeps it from the server."""
        self._tls = tls
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self, *, client_only: bool = False) -> None:
        """Break every connection; with `client_only` the server goes on without noticing."""
        for client, server in tuple(self._pairs):
            _end(client)
            if not client_only:
                _end(server)

    async def serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.refusing:
            _end(client_out)
            return
        with contextlib.suppress(ConnectionError, OSError, asyncio.IncompleteReadError):
            first = await self._greeted(client_in, client_out)
            server_in, server_out = await asyncio.open_connection("127.0.0.1", self.target)
            pair = (client_out, server_out)
            self._pairs.add(pair)
            try:
                server_out.write(first)
                await asyncio.gather(self._up(client_in, pair), self._down(server_in, client_out))
            finally:
                self._pairs.discard(pair)
                _end(client_out)
                _end(server_out)

    async def _greeted(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> bytes:
        """Speak TLS for a PostgreSQL server that cannot; else pass on what the client says first."""
        if self._tls is None:
            return b""
        first = await client_in.readexactly(8)
        if first[4:] != _SSL_REQUEST:
            return first
        client_out.write(b"S")
        await client_out.start_tls(self._tls)
        return b""

    async def _up(self, client_in: asyncio.StreamReader, pair: tuple[asyncio.StreamWriter, ...]) -> None:
        while data := await client_in.read(65536):
            if self.before_forwarding is None or await self.before_forwarding(data):
                pair[1].write(data)
                await pair[1].drain()
        pair[1].write_eof()

    async def _down(self, server_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        while data := await server_in.read(65536):
            await asyncio.sleep(self.delay)
            if self.muted:
                continue
            client_out.write(data)
            await client_out.drain()
        client_out.close()

    async def stop(self) -> None:
        self.cut()
        await asyncio.gather(*self._tasks)


@contextlib.asynccontextmanager
async def proxy_to(target: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[TcpProxy]:
    """A proxy before the server on the port `target`, on a free port, as long as the block lasts."""
    proxy = TcpProxy(target, tls)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.stop()
