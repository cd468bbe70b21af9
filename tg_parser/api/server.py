"""Serves the application until Ctrl-C or SIGTERM; open requests are given time to finish."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from tg_parser.api.connections import connections
from tg_parser.config.api_settings import ApiSettings, parts
from tg_parser.domain.errors import SettingsError

_WAITING = 2048
"""Maximum connections waiting to be accepted."""

_OTHER_FILES = 1024
"""Open files besides the streams: other connections, databases, downloads."""


class Server(uvicorn.Server):
    """A server that announces immediately when it is told to stop, so that streams end before it waits for them."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, stopping: Callable[[], None]) -> None:
        proxies = parts(settings.trusted_proxies)
        super().__init__(
            uvicorn.Config(
                app,
                http=connections(settings),
                ws="none",
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                date_header=True,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_graceful_shutdown=max(1, round(settings.grace)),
                h11_max_incomplete_event_size=32_768,
            )
        )
        self._stopping = stopping
        _allow_open_files(settings.most_streams + _OTHER_FILES)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while serving. uvicorn would send itself the same signal again at the end, which
        kills the process before anything else is closed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal to stop."""
        self._stopping()
        super().handle_exit(sig, frame)


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises SettingsError saying why it cannot listen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _notice_the_gone(listener)
        listener.bind(address)
        # From now on, requests wait for the server instead of being refused.
        listener.listen(_WAITING)
    except OSError as error:
        raise SettingsError(
            f"The API cannot listen on {host}, port {port}: {error.strerror or error}.",
            "Choose another address or port: API_HOST, API_PORT.",
        ) from None
    listener.setblocking(False)
    return listener


def _notice_the_gone(listener: socket.socket) -> None:
    """Detect clients that disappeared silently; accepted connections inherit this option."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Not every system has all of these options.
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4), ("TCP_USER_TIMEOUT", 60_000)):
        if (option := getattr(socket, name, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def _allow_open_files(wanted: int) -> None:
    """Raise the usual limit of 1024 open files, as each connection is one; a process may do so for itself."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if resource.RLIM_INFINITY != soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
