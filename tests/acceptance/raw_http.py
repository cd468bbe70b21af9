"""Requests written by hand over a socket, as no well-behaved client sends them."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE = 15.0


@dataclass(frozen=True)
class Answered:
    """What came before the server closed the connection, or fell silent."""

    data: bytes
    closed: bool

    @property
    def status(self) -> int | None:
        """The status of the first answer; None without any."""
        return int(self.data[9:12]) if self.data.startswith(b"HTTP/1.1 ") else None

    @property
    def head(self) -> bytes:
        """The head of the first answer."""
        return self.data.partition(b"\r\n\r\n")[0]


def connected(url: str, *, receive_buffer: int | None = None) -> socket.socket:
    """A connection to the server of `url`."""
    to = urlsplit(url)
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.settimeout(PATIENCE)
    raw.connect((to.hostname, to.port))
    return raw


def request(target: str, *headers: str, method: str = "GET") -> bytes:
    """A request without a body."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode("latin-1")


def answered(raw: socket.socket, seconds: float = PATIENCE) -> Answered:
    """What comes until the connection is closed, for at most so long."""
    data, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            part = raw.recv(65536)
        except TimeoutError:
            break
        except ConnectionError:
            return Answered(data, closed=True)
        if not part:
            return Answered(data, closed=True)
        data += part
    return Answered(data, closed=False)


def exchanged(url: str, data: bytes, seconds: float = PATIENCE) -> Answered:
    """What is answered to `data` until the connection is closed."""
    with connected(url) as raw:
        raw.sendall(data)
        return answered(raw, seconds)
