"""Client connections that are closed if the client is too slow, stops reading, or does not speak HTTP."""

from __future__ import annotations

import asyncio
import http
import secrets
import sys
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tg_parser.api.middleware.problems import SAFETY
from tg_parser.api.problems import http_problem
from tg_parser.config.api_settings import ApiSettings

_READ_AHEAD = 32_768
"""Maximum bytes of further requests that are buffered until their turn."""


class GuardedConnection(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with timeouts."""

    head_seconds: ClassVar[float]
    send_seconds: ClassVar[float]
    _head: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel all timers."""
        self._unset_keepalive_if_required()
        for timer in filter(None, (self._head, self._unread)):
            timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Continue reading. Data that arrives between answers is the head of the next request, or an unread body."""
        super().data_received(data)
        if self.conn.their_state is h11.DONE and len(self.conn.trailing_data[0]) < _READ_AHEAD:
            # While an answer is being sent, a client that is not read from may disappear unnoticed.
            self.flow.resume_reading()
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()
        elif self._head is not None:
            self._head.cancel()
            self._head = None

    def pause_writing(self) -> None:
        """Start a timer, as the client reads more slowly than data is written."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """Stop the timer, as the client reads again."""
        super().resume_writing()
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the client to read the final answer."""
        super().on_response_complete()
        self._expect_end()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, as no further request came."""
        super().timeout_keep_alive_handler()
        self._expect_end()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Reject an invalid request, unless an answer is already being sent."""
        error = sys.exception()
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if self.cycle is not None:
            # The task working on the request can no longer send its answer.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            for event in _refusal(status):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._expect_end()

    def _should_upgrade(self) -> bool:
        """Return False: no other protocol is supported."""
        return False

    def _expect_head(self) -> None:
        if self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _expect_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self.send_seconds, self.transport.abort)

    def _expect_end(self) -> None:
        # Closing waits until everything is sent, forever if the client does not read.
        if self.transport.is_closing():
            self._expect_reading()


def connections(settings: ApiSettings) -> type[GuardedConnection]:
    """Return a connection class with the timeouts of these settings."""

    class Limited(GuardedConnection):
        head_seconds = settings.head_timeout
        send_seconds = settings.send_timeout

    return Limited


def _refusal(status: int) -> list[h11.Event]:
    request_id = secrets.token_hex(16)
    answer = http_problem(status, request_id)
    headers = [*answer.raw_headers, *((name.encode(), value.encode()) for name, value in SAFETY.items())]
    headers += [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
    reason = http.HTTPStatus(status).phrase.encode()
    return [
        h11.Response(status_code=status, headers=headers, reason=reason),
        h11.Data(data=bytes(answer.body)),
        h11.EndOfMessage(),
    ]
