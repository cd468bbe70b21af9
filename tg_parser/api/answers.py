"""What routes have in common: answers, pages, and what the OpenAPI document says of them."""

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

Limit = Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE, description="Items on a page.")]
Cursor = Annotated[
    str | None, Query(max_length=4096, description="`next_cursor` of the page before, with the same filter and order.")
]
DATES = f"Written as {FORMS}."
SourceIds = Annotated[
    list[Annotated[str, Field(pattern=NO_NUL)]] | None,
    Query(description="Ids of sources; repeatable. All without any."),
]
_MEANINGS: Mapping[int, str] = {
    400: "The request is wrong as a whole: a combination, a reference, a cursor.",
    401: "A key is needed, or this one does not open anything.",
    403: "The key does not allow this.",
    404: "There is no such thing, or the key may not know of it.",
    408: "The body of the request did not come in time.",
    409: "The state of things does not allow this.",
    413: "The body of the request is too large.",
    416: "No such part of the file.",
    421: "The installation is not known by that name.",
    422: "Parts of the request are wrong; `errors` names them.",
    429: "Too many requests; Retry-After says when to come again.",
    500: "An error that the service does not know.",
    503: "Something the service needs is away; try again.",
}
_ANYWHERE = (400, 401, 403, 421, 422, 429, 500, 503)
_OF_BODIES = (408, 413)


def problems(*statuses: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides its result: what any may, and `statuses`."""
    of_body = _OF_BODIES if body else ()
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ANYWHERE, *statuses, *of_body})
    }


def answer(view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A result as JSON."""
    return Response(view.model_dump_json(by_alias=True), status, headers, "application/json")


def answer_json(result: object) -> Response:
    """A result that is plain values already, as JSON."""
    return Response(orjson.dumps(result), media_type="application/json")
