"""Dependencies of routes: the services, and the caller's scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from tg_parser.api.middleware.exchanges import route_of
from tg_parser.domain.errors import UsageError
from tg_parser.services.scope import Installation, Scope

if TYPE_CHECKING:
    from tg_parser.services.job_files import JobFiles
    from tg_parser.services.job_watch import JobWatch
    from tg_parser.services.keyed_requests import KeyedRequestService
    from tg_parser.services.schedule import ScheduleService
    from tg_parser.wiring.app import App


@dataclass(frozen=True, slots=True)
class Services:
    """The services used by the API. `app` has those that need no restriction to sources."""

    app: App
    installation: Installation
    watch: JobWatch
    files: JobFiles
    schedule: ScheduleService
    keyed_requests: KeyedRequestService


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def scope_of(request: Request, services: Services) -> Scope:
    """Return the scope of the caller of a request."""
    state = request.scope["state"]
    return Scope(services.installation, state["actor"], state.get("request_id"), state.get("idempotency_key"))


def _scope(request: Request) -> Scope:
    """Return the scope of a caller who may at least read. Raises ForbiddenError."""
    scope = scope_of(request, _services(request))
    scope.require("read")
    _require_known_parameters(request)
    return scope


def _require_known_parameters(request: Request) -> None:
    """Raise UsageError for a parameter that the route does not have: a misspelled filter would be ignored."""
    given = request.query_params.keys()
    if not given:
        return
    operation = request.app.openapi()["paths"].get(route_of(request.scope), {}).get(request.method.lower(), {})
    known = sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
    if unknown := sorted(set(given) - set(known)):
        hint = f"Known parameters: {', '.join(known)}." if known else "It has no parameters."
        raise UsageError(f"This route has no parameter {unknown[0]!r}.", hint, parameter=unknown[0])


TheServices = Annotated["Services", Depends(_services)]
Caller = Annotated[Scope, Depends(_scope)]
FOR_READERS = Depends(_scope)
"""Dependency of routes that every caller may read, and that need nothing else of the caller."""
