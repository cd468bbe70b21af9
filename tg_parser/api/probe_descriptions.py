"""What the OpenAPI document says of the probes, which stand outside the described routes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tg_parser.api.answers import problems
from tg_parser.api.probes import LIVE, READY
from tg_parser.services.views.health import HealthReport, Liveness, Readiness, ServiceStatus

JsonObject = dict[str, Any]

_PROBES: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
    (LIVE, "getLiveness", "Whether the process answers. Needs no key.", Liveness),
    ("/health", "getHealth", "How the service and what it needs do.", HealthReport),
    (READY, "getReadiness", "Whether work may be sent here; 503 names what fails.", Readiness),
    ("/status", "getServiceStatus", "Sources with their backlogs, and jobs by state.", ServiceStatus),
)


def probe_models() -> tuple[type[BaseModel], ...]:
    """What the probes answer."""
    return tuple(model for *_, model in _PROBES)


def probe_paths(ref: str) -> JsonObject:
    """The paths of the probes; `ref` is where schemas are."""
    paths = {
        path: {"get": _operation(path, name, text, f"{ref}{model.__name__}")} for path, name, text, model in _PROBES
    }
    metrics = _operation("/metrics", "getMetrics", "Metrics for Prometheus. Needs a key without a limit.", "")
    metrics["responses"]["404"] = problems(404)[404]
    metrics["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return {**paths, "/metrics": {"get": metrics}}


def _operation(path: str, name: str, text: str, schema: str) -> JsonObject:
    content = {"application/json": {"schema": {"$ref": schema}}}
    answers: JsonObject = {"200": {"description": text, "content": content}}
    if path == LIVE:
        return {"operationId": name, "tags": ["health"], "summary": text, "security": [], "responses": answers}
    refusals = {str(status): each for status, each in problems().items() if status in {401, 403, 421, 429, 500, 503}}
    if path in {"/health", READY}:
        # Where keys cannot be checked or counted, a probe answers as every other route does.
        told = content | refusals["503"]["content"]
        refusals["503"] = {"description": "Something that is needed fails.", "content": told}
    return {"operationId": name, "tags": ["health"], "summary": text, "responses": {**answers, **refusals}}
