"""Protects against web sites that are open in a browser on this machine."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.api.problems import http_problem
from tg_parser.domain.errors import ForbiddenError

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Hosts:
    """Only accepts requests for the host names in `names`, if there are any.

    Without keys, everyone who reaches the API may do everything, and a browser reaches it for any site. So a name
    that resolves to this machine is not enough, and pages of origins other than `origins` may not change anything.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str], origins: Collection[str], open_to_all: bool) -> None:
        self._app = app
        self._names = frozenset(each.lower() for each in names)
        self._origins = frozenset(origins)
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises ForbiddenError."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if self._names and _name_of(headers.get("host", "")) not in self._names:
                request_id = scope.get("state", {}).get("request_id")
                told = "This host name is not accepted; API_ALLOWED_HOSTS lists the accepted names."
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
    """Return the host name without the port."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
