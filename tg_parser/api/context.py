"""What routes are given: the services, and the scope of whoever calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from tg_parser.services.scope import Installation, Scope

if TYPE_CHECKING:
    from tg_parser.services.job_files import JobFiles
    from tg_parser.services.job_watch import JobWatch
    from tg_parser.services.keyed_requests import KeyedRequestService
    from tg_parser.services.schedule import ScheduleService
    from tg_parser.wiring.app import App


@dataclass(frozen=True, slots=True)
class Services:
    """What the API calls. `app` has what needs no limit to sources of its own."""

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
    """The installation as the caller of a request knows it."""
    state = request.scope["state"]
    return Scope(services.installation, state["actor"], state.get("request_id"), state.get("idempotency_key"))


def _scope(request: Request) -> Scope:
    """Whoever calls, who may at least read. Raises ForbiddenError."""
    scope = scope_of(request, _services(request))
    scope.require("read")
    return scope


TheServices = Annotated["Services", Depends(_services)]
Caller = Annotated[Scope, Depends(_scope)]
FOR_READERS = Depends(_scope)
"""For routes that anybody may read, who needs nothing else of the caller."""
