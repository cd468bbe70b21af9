"""The OpenAPI document, complete enough for generated clients."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from tg_parser import __version__
from tg_parser.api.middleware.idempotency import FORM, HEADER
from tg_parser.api.probe_descriptions import probe_models, probe_paths
from tg_parser.api.problems import MEDIA_TYPE, Problem

JsonObject = dict[str, Any]

_ABOUT = """Telegram channels as a knowledge base.

Work is requested with POST, which returns a job (202) that can be followed under /jobs. All lists are paged: `items`,
and `next_cursor` for the next page. Errors are problem details (RFC 9457). Times are UTC, such as
2026-03-01T12:00:00Z. HEAD is answered like GET, without the body. Send a key as `Authorization: Bearer …`; its role
and sources determine what it may see and do.
"""
_TAGS = {
    "sources": "The channels to collect.",
    "work": "Requests for work; each returns a waiting job.",
    "jobs": "Progress and results of jobs.",
    "messages": "Messages as first seen.",
    "documents": "Documents created from messages.",
    "entries": "Messages as entries of the knowledge base.",
    "topics": "Topics with cards and bundles.",
    "exports": "Files written by jobs.",
    "failures": "Messages that could not be processed.",
    "costs": "What language models have cost.",
    "agents": "Agents and their work.",
    "prompts": "Instructions for language models.",
    "schedule": "Scheduled work.",
    "keys": "API keys, and the audit log.",
    "webhooks": "Addresses notified when a job ends or a source fails.",
    "health": "Health of the service.",
}
_REF = "#/components/schemas/"
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A text that is unique for each request; a request sent again with it is carried out only once.",
    "schema": {"type": "string", "pattern": f"^{FORM}$"},
}


class DescribedApi(FastAPI):
    """An application described by this document."""

    def openapi(self) -> JsonObject:
        """Return the document, which is created once."""
        if self.openapi_schema is None:
            self.openapi_schema = _document(self)
        return self.openapi_schema


def _document(api: FastAPI) -> JsonObject:
    document = get_openapi(
        title="TG_parser",
        version=__version__,
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=api.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "This installation."}],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    models: tuple[type[BaseModel], ...] = (Problem, *probe_models())
    others: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in models]
    schemas |= models_json_schema(others, ref_template=_REF + "{model}")[1]["$defs"]
    document["paths"] |= probe_paths(_REF)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    }
    document["security"] = [{"bearer": []}, {"header": []}]
    refusals = components.setdefault("responses", {})
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(operation, refusals)
            if method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return document


def _complete(operation: JsonObject, refusals: JsonObject) -> None:
    """Add what all responses share: the request id, rate-limit headers, and the error responses."""
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = {
            "schema": {"type": "string"},
            "description": "Identifies the request in logs and jobs.",
        }
        if status in {"429", "503"}:
            headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        if status in {"201", "202"}:
            headers["Location"] = {"schema": {"type": "string"}, "description": "Address of the new resource."}
        if [*response.get("content", ())] == [MEDIA_TYPE]:
            name = f"Problem{status}"
            refusals[name] = response
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
