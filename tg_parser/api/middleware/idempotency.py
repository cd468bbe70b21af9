"""Repeats the stored answer to a request with a known Idempotency-Key."""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tg_parser.domain.errors import UsageError
from tg_parser.domain.keyed_requests import KeptAnswer
from tg_parser.services.keyed_requests import KeyedRequestService

HEADER = "Idempotency-Key"
FORM = r"[\x21-\x7e]{1,200}"
_KEPT = ("content-type", "location")


class Idempotency:
    """Handles a POST with the header only once. Answers of the paths in `secret` contain secrets and are not stored."""

    def __init__(self, app: ASGIApp, requests: KeyedRequestService, *, secret: tuple[str, ...]) -> None:
        self._app = app
        self._requests = requests
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises UsageError, IdempotencyError."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        if not re.fullmatch(FORM, key):
            raise UsageError(f"{HEADER} must have 1 to 200 printable characters without spaces.")
        scope["state"]["idempotency_key"] = key
        first = await receive()
        secret = scope["path"].startswith(self._secret)
        client = scope["state"]["actor"].name
        request = await self._requests.begin(client, key, _digest(scope, first), at_most_once=secret)
        if request.answer is not None:
            headers = {**request.answer.headers, "Idempotency-Replayed": "true"}
            await Response(request.answer.body, request.answer.status, headers)(scope, receive, send)
            return
        unread = [first]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        seen = _Seen()
        try:
            await self._app(scope, replay, seen)
        finally:
            # Stored before the caller sees it, as the caller may send the request again at once.
            await self._requests.answered(request, seen.answer(secret=secret))
        for message in seen.messages:
            await send(message)


class _Seen:
    """A response that is held back."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._status = 500
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = Headers(raw=message["headers"])
            self._headers = {name: headers[name] for name in _KEPT if name in headers}
        else:
            self._body += message.get("body", b"")
        self.messages.append(message)

    def answer(self, *, secret: bool) -> KeptAnswer:
        return KeptAnswer(self._status, self._headers, None if secret else self._body.decode())


def _digest(scope: Scope, body: Message) -> str:
    told = [scope["method"].encode(), scope["path"].encode(), scope["query_string"], body.get("body", b"")]
    return hashlib.sha256(b"\0".join(told)).hexdigest()
