"""HEAD is served by the route of GET, whose body stays away, whatever the server makes of one."""

from __future__ import annotations

from typing import Any

from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.api.middleware.heads import Heads


async def answered(app: ASGIApp, method: str) -> list[dict[str, Any]]:
    """The messages of an answer."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": "/", "headers": [], "asgi": {"spec_version": "2.4"}}
    await Heads(app)(scope, receive, send)
    assert scope["method"] == method
    return sent


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    """The length is that of the body that is not sent."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"asked with {scope['method']}")(scope, receive, send)

    start, body = await answered(app, "HEAD")
    assert (start["status"], dict(start["headers"])[b"content-length"]) == (200, b"14")
    assert body["body"] == b""
    assert [each.get("body") for each in await answered(app, "GET")] == [None, b"asked with GET"]


async def test_a_stream_ends_with_its_head() -> None:
    """What would go on for ever is not even begun twice."""
    made: list[int] = []

    async def endless() -> Any:
        while len(made) < 1_000:
            made.append(len(made))
            yield b"event"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(endless())(scope, receive, send)

    _, *bodies = await answered(app, "HEAD")
    assert [(each["body"], each.get("more_body", False)) for each in bodies] == [(b"", False)]
    assert made == [0]
