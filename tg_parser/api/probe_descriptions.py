"""Descriptions of the probes in the OpenAPI document, as they are outside the described routes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tg_parser.api.answers import problems
from tg_parser.api.probes import LIVE, READY
from tg_parser.services.views.health import HealthReport, Liveness, Readiness, ServiceStatus

JsonObject = dict[str, Any]

_PROBES: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
    (LIVE, "getLiveness", "Whether the process responds. Needs no key.", Liveness),
    ("/health", "getHealth", "Health of the service and its dependencies.", HealthReport),
    (READY, "getReadiness", "Whether the service can take work; 503 lists what fails.", Readiness),
    ("/status", "getServiceStatus", "Sources with their backlogs, and jobs by state.", ServiceStatus),
)


def probe_models() -> tuple[type[BaseModel], ...]:
    """Return the response models of the probes."""
    return tuple(model for *_, model in _PROBES)


def probe_paths(ref: str) -> JsonObject:
    """Return the paths of the probes; `ref` is the location of schemas."""
    paths = {
        path: {"get": _operation(path, name, text, f"{ref}{model.__name__}")} for path, name, text, model in _PROBES
    }
    metrics = _operation(
        "/metrics", "getMetrics", "Metrics for Prometheus. Needs a key that is not limited to sources.", ""
    )
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
        # If keys cannot be checked or counted, a probe answers like any other route.
        told = content | refusals["503"]["content"]
        refusals["503"] = {"description": "Something the service needs fails.", "content": told}
    return {"operationId": name, "tags": ["health"], "summary": text, "responses": {**answers, **refusals}}
