"""Errors as RFC 9457 problem details, built from the error classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tg_parser.api.hints import hint_of
from tg_parser.config.logging import masked
from tg_parser.domain import errors
from tg_parser.domain.errors import TgParserError
from tg_parser.domain.utc_time import utc_now

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:tg-parser:error:"
"""Prefix of the error code in the type of a problem."""

_STATUS: Mapping[type[TgParserError], int] = {
    errors.UsageError: 400,
    errors.InvalidRefError: 400,
    errors.InvalidPeerError: 400,
    errors.ExportFormatError: 400,
    errors.InputFileError: 400,
    errors.HostNotFoundError: 400,
    errors.UnauthorizedError: 401,
    errors.ForbiddenError: 403,
    errors.UnknownSourceError: 404,
    errors.NotFoundError: 404,
    errors.WebhookNotFoundError: 404,
    errors.DeliveryNotFoundError: 404,
    errors.JobNotFoundError: 404,
    errors.KeyNotFoundError: 404,
    errors.WebhookNotFoundError: 404,
    errors.DeliveryNotFoundError: 404,
    errors.SlowClientError: 408,
    errors.SettingsError: 409,
    errors.SourceError: 409,
    errors.BusyError: 409,
    errors.BudgetError: 409,
    errors.JobStateError: 409,
    errors.KeyStateError: 409,
    errors.TopicEditError: 409,
    errors.HandoffError: 409,
    errors.IdempotencyError: 409,
    errors.HostNotFoundError: 409,
    errors.TooLargeError: 413,
    errors.TooManyRequestsError: 429,
    errors.RateLimitedError: 503,
    errors.SourceUnavailableError: 503,
    errors.StorageUnavailableError: 503,
    errors.SchemaMismatchError: 503,
    errors.ProviderUnavailableError: 503,
}
"""HTTP status by error class; other classes inherit that of their base class, ultimately 500."""


class WrongField(BaseModel):
    """An invalid part of the request: where, and why."""

    where: str
    problem: str


class Problem(BaseModel):
    """An error (RFC 9457). `type` ends in the error's code, which never changes; `data` are its facts."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{PREFIX}job_not_found",
                    "title": "No job has this id.",
                    "status": 404,
                    "detail": "No job has the id 20260301T120000000-0a1b2c3d.",
                    "hint": "List the jobs with: GET /api/v1/jobs",
                    "request_id": "f3b0c9d2a1e84c5f",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    request_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    errors: list[WrongField] = Field(default_factory=list)


def status_of(error: TgParserError) -> int:
    """Return the HTTP status of an error."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def problem_of(error: TgParserError, request_id: str | None) -> Response:
    """Return the response for an error."""
    status = status_of(error)
    told = {name: masked(value) if isinstance(value, str) else value for name, value in error.data.items()}
    facts = {name: value for name, value in told.items() if name != "case"}
    hint = hint_of(error)
    return _response(
        status,
        code=error.code,
        title=(type(error).__doc__ or error.code).splitlines()[0],
        detail=masked(error.message),
        hint=hint and masked(hint),
        request_id=request_id,
        data=facts,
        headers=_headers_of(error, status),
    )


def http_problem(
    status: int,
    request_id: str | None,
    detail: str | None = None,
    *,
    wrong: Sequence[WrongField] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response for an HTTP-level error: unknown route, unsupported method, invalid field."""
    title = _TITLES.get(status, "The request cannot be handled.")
    return _response(
        status,
        code=_CODES.get(status, f"http_{status}"),
        title=title,
        detail=detail or title,
        hint=_HTTP_HINTS.get(status),
        request_id=request_id,
        errors=[each.model_dump() for each in wrong],
        headers=headers,
    )


_CODES = {
    400: "bad_request",
    404: "no_route",
    405: "method_not_allowed",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    421: "misdirected_request",
    422: "invalid_request",
    431: "headers_too_large",
    500: "internal",
    501: "not_implemented",
}
_TITLES = {
    400: "The request is malformed.",
    404: "Unknown route.",
    405: "The route does not support this method.",
    415: "The route does not support this content type.",
    416: "The file does not have the requested range.",
    421: "The installation does not accept this host name.",
    422: "Parts of the request are invalid.",
    431: "The headers of the request are too large.",
    500: "The service encountered an unexpected error.",
    501: "The service does not support this transfer encoding.",
}
_HTTP_HINTS = {
    404: "GET /api/v1/openapi.json describes every route.",
    405: "The Allow header lists the methods of this route.",
    422: "`errors` says which parts of the request are invalid, and why.",
    500: "The log of the service contains the error under this request_id.",
}


def _headers_of(error: TgParserError, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="tg-parser"'}
    retry_at = error.data.get("retry_at")
    if isinstance(retry_at, datetime):
        return {"Retry-After": str(max(1, math.ceil((retry_at - utc_now()).total_seconds())))}
    return {"Retry-After": "5"} if status == 503 else {}


def _response(status: int, *, code: str, headers: Mapping[str, str] | None, **members: Any) -> Response:
    told = {name: value for name, value in members.items() if value not in (None, {}, [])}
    body = orjson.dumps({"type": f"{PREFIX}{code}", "status": status, **told}, default=str)
    return Response(body, status, headers, MEDIA_TYPE)
