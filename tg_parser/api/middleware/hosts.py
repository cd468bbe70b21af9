"""Keeps web sites out that a browser on this machine happens to show."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.api.problems import http_problem
from tg_parser.domain.errors import ForbiddenError

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Hosts:
    """Answers under the names in `names` alone, where there are any.

    Without keys whoever reaches the API may do everything, and a browser reaches it for any site. So a name that
    resolves to this machine is not enough, and a page of another origin than those in `origins` changes nothing.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str], origins: Collection[str], open_to_all: bool) -> None:
        self._app = app
        self._names = frozenset(each.lower() for each in names)
        self._origins = frozenset(origins)
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises ForbiddenError."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if self._names and _name_of(headers.get("host", "")) not in self._names:
                request_id = scope.get("state", {}).get("request_id")
                told = "This installation is not known by that name; API_ALLOWED_HOSTS lists the names it answers to."
                await http_problem(421, request_id, told)(scope, receive, send)
                return
            origin = headers.get("origin")
            if self._open_to_all and origin is not None and scope["method"] not in _SAFE_METHODS:
                self._require_own(origin, headers.get("host", ""))
        await self._app(scope, receive, send)

    def _require_own(self, origin: str, host: str) -> None:
        if origin not in self._origins and origin.partition("://")[2] != host:
            raise ForbiddenError(
                "Pages of other sites may not change anything here.",
                "CORS_ORIGINS lists the sites that may; with API_KEY_REQUIRED their requests need a key.",
            )


def _name_of(host: str) -> str:
    """The name without its port."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
