"""A request and its response, for metrics and logs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.routing import Mount
from starlette.types import Message, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER, UNMATCHED = "other", "unmatched"
_FAILED = 500


@dataclass(slots=True)
class Exchange:
    """Watches a response while it is sent; `status` is 500 until it is known."""

    scope: Scope
    out: Send
    status: int = _FAILED
    sent: int = 0
    is_stream: bool = False
    began: float = field(default_factory=time.perf_counter)

    async def send(self, message: Message) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.is_stream = _is_event_stream(message)
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self.out(message)

    @property
    def seconds(self) -> float:
        """Return the elapsed time."""
        return time.perf_counter() - self.began


def method_of(scope: Scope) -> str:
    """Return the method, or `other` for an unknown one."""
    return scope["method"] if scope["method"] in METHODS else OTHER


def route_of(scope: Scope) -> str:
    """Return the route template, such as /api/v1/jobs/{job_id}, which contains nothing from the caller."""
    route = scope.get("route")
    if route is None or isinstance(route, Mount):
        return UNMATCHED
    # A router included in another one only knows its own part of the path.
    whole = scope.get("fastapi", {}).get("effective_route_context", route)
    root = scope.get("root_path", "")
    mounted = root.removeprefix(scope.get("app_root_path", root))
    return f"{mounted}{getattr(whole, 'path_format', UNMATCHED)}"


def _is_event_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", ())
    )
