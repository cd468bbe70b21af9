"""Proxies on this machine, each in a thread of its own: SOCKS5, HTTP and Telegram's own kind (MTProto)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import struct
import threading
from abc import ABC, abstractmethod
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

USER, PASSWORD = "ann", "s3cr:t/@word"


class LocalProxy(ABC):
    """Passes connections on to where they want to go; `passed` names those hosts, `refused` counts wrong passwords."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.refused, self.port = 0, 0

    def __enter__(self) -> Self:
        ready = threading.Event()

        async def main() -> None:
            self._loop, self._quit = asyncio.get_running_loop(), asyncio.Event()
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
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

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with a client until its connection ends."""

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.serve(reader, writer)
        writer.close()

    async def _tunnel(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))


class SocksProxy(LocalProxy):
    """SOCKS5 (RFC 1928) that wants USER and PASSWORD (RFC 1929)."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        writer.write(b"\x05\x02" if 2 in methods else b"\x05\xff")
        if 2 not in methods:
            self.refused += 1
            return
        await reader.readexactly(1)
        user, password = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
        right = (user.decode(), password.decode()) == (USER, PASSWORD)
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            self.refused += 1
            return
        _, _, _, kind = await reader.readexactly(4)
        host = await self._host(reader, kind)
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        self.passed.append(host)
        there = await asyncio.open_connection(host, port)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await self._tunnel(reader, writer, there)

    async def _host(self, reader: asyncio.StreamReader, kind: int) -> str:
        if kind == 1:
            return ".".join(map(str, await reader.readexactly(4)))
        return (await reader.readexactly((await reader.readexactly(1))[0])).decode()


class HttpProxy(LocalProxy):
    """CONNECT, and requests with whole addresses; wants USER and PASSWORD."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if headers.get("proxy-authorization") != f"Basic {wanted}":
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        self.passed.append(parts.hostname)
        there = await asyncio.open_connection(parts.hostname, parts.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
            asked = [
                f"{method} {parts.path}{'?' * bool(parts.query)}{parts.query} HTTP/1.1",
                "Connection: close",
                *kept,
            ]
            there[1].write("\r\n".join(asked).encode())
        await self._tunnel(reader, writer, there)


class TelegramProxy(LocalProxy):
    """An MTProto proxy with padded packets in front of a server that speaks the plain form."""

    secret = "00112233445566778899aabbccddeeff"

    def __init__(self, server_port: int) -> None:
        super().__init__()
        self._server_port = server_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await reader.readexactly(64)
        known = bytes.fromhex(self.secret)
        back = start[55:7:-1]
        coming = _stream(hashlib.sha256(start[8:40] + known).digest(), start[40:56])
        going = _stream(hashlib.sha256(back[:32] + known).digest(), back[32:48])
        if coming.update(start)[56:60] != b"\xdd" * 4:
            self.refused += 1
            return
        self.passed.append("telegram")
        there_reader, there = await asyncio.open_connection("127.0.0.1", self._server_port)
        there.write(b"\xee" * 4)

        async def inward() -> None:
            while True:
                (length,) = struct.unpack("<I", coming.update(await reader.readexactly(4)))
                packet = coming.update(await reader.readexactly(length))
                packet = packet[: length - length % 4]
                there.write(struct.pack("<I", len(packet)) + packet)

        async def outward() -> None:
            while True:
                head = await there_reader.readexactly(4)
                packet = await there_reader.readexactly(struct.unpack("<I", head)[0])
                writer.write(going.update(head + packet))
                await writer.drain()

        try:
            await asyncio.gather(inward(), outward())
        finally:
            there.close()


def _stream(key: bytes, counter: bytes) -> Any:
    return Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        with contextlib.suppress(OSError):
            writer.close()
