"""The OpenAPI document: complete enough that a generated client works."""

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

Work is asked for with POST and answered with a job (202), which is followed under /jobs. Lists come in pages of one
shape: `items`, and `next_cursor` for the next page. Errors are problem details (RFC 9457). Times are UTC, as
2026-03-01T12:00:00Z. HEAD is answered as GET is, without the body. A key goes into `Authorization: Bearer …`; it sees
what its role and its sources allow.
"""
_TAGS = {
    "sources": "The channels that are collected.",
    "work": "Asking for work; each answers with the job that waits.",
    "jobs": "How jobs go, and their end.",
    "messages": "Messages as they were first seen.",
    "documents": "What was made of messages.",
    "entries": "Messages as entries of the knowledge base.",
    "topics": "Topics with cards and bundles.",
    "exports": "Files that jobs have written.",
    "failures": "Messages that could not be processed.",
    "costs": "What language models have cost.",
    "agents": "Agents and what they did.",
    "prompts": "What language models are asked.",
    "schedule": "What is done regularly.",
    "keys": "API keys, and who changed what.",
    "webhooks": "Addresses that are told when a job ends or a source fails.",
    "health": "How the service does.",
}
_REF = "#/components/schemas/"
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Any text that is new for each request; sent again with the same one, nothing is done twice.",
    "schema": {"type": "string", "pattern": f"^{FORM}$"},
}


class DescribedApi(FastAPI):
    """An application that describes itself by this document."""

    def openapi(self) -> JsonObject:
        """The document, made once."""
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
    """What every answer has: the id of the request, and where it says so the limits. Refusals are told once."""
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = {"schema": {"type": "string"}, "description": "Names the request in logs and jobs."}
        if status in {"429", "503"}:
            headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        if status in {"201", "202"}:
            headers["Location"] = {"schema": {"type": "string"}, "description": "Where it is found."}
        if [*response.get("content", ())] == [MEDIA_TYPE]:
            name = f"Problem{status}"
            refusals[name] = response
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
