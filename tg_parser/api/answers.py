"""What all routes share: responses, pages, and their descriptions in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from tg_parser.api.problems import MEDIA_TYPE
from tg_parser.domain.date_parsing import FORMS
from tg_parser.domain.pages import MOST_ON_A_PAGE
from tg_parser.domain.strict_fields import NO_NUL

Limit = Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE, description="Items per page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=4096, description="`next_cursor` of the previous page, with the same filter and order."),
]
DATES = f"Format: {FORMS}."
SourceIds = Annotated[
    list[Annotated[str, Field(pattern=NO_NUL)]] | None,
    Query(description="Ids of sources; repeatable. By default all."),
]
_MEANINGS: Mapping[int, str] = {
    400: "The request is invalid as a whole: a combination, a reference, a cursor.",
    401: "A key is required, or the given one is not valid.",
    403: "The key does not allow this.",
    404: "Not found, or not visible to the key.",
    408: "The body of the request did not arrive in time.",
    409: "The current state does not allow this.",
    413: "The body of the request is too large.",
    416: "The file does not have the requested range.",
    421: "The installation does not accept this host name.",
    422: "Parts of the request are invalid; `errors` lists them.",
    429: "Too many requests; Retry-After says when to try again.",
    500: "An unexpected error.",
    503: "Something the service needs is unavailable; try again.",
}
_ANYWHERE = (400, 401, 403, 421, 422, 429, 500, 503)
_OF_BODIES = (408, 413)


def problems(*statuses: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """Describe the error responses of a route: the common ones, and `statuses`."""
    of_body = _OF_BODIES if body else ()
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ANYWHERE, *statuses, *of_body})
    }


def answer(view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a view as a JSON response."""
    return Response(view.model_dump_json(by_alias=True), status, headers, "application/json")


def answer_json(result: object) -> Response:
    """Return plain values as a JSON response."""
    return Response(orjson.dumps(result), media_type="application/json")
