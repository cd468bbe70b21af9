"""Searching messages by words and by meaning."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from tg_parser.api.answers import answer, problems
from tg_parser.api.context import Caller
from tg_parser.api.routes.reading import Ref
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.services.searching.service import MOST, SearchRequest
from tg_parser.services.views.search import SearchResult

router = APIRouter()

Hits = Annotated[int, Query(ge=1, le=MOST, description="Maximum number of messages.")]


@router.get("/search", tags=["search"], operation_id="search", response_model=SearchResult, responses=problems(404))
async def search(
    caller: Caller,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=10_000,
            pattern=NO_NUL,
            description='Words, "phrases", -excluded words, and filters such as lang:ru, from:@channel or after:7d.',
        ),
    ],
    limit: Hits = 10,
    sort: Annotated[Literal["relevance", "date"], Query(description="The best first, or the newest.")] = "relevance",
) -> Response:
    """Find messages by words in any form and by meaning, with snippets, links and topics."""
    return answer(await (await caller.search()).search(SearchRequest(q, limit=limit, sort=sort)))


@router.get(
    "/messages/{ref}/similar",
    tags=["search"],
    operation_id="listSimilar",
    response_model=SearchResult,
    responses=problems(404),
)
async def list_similar(caller: Caller, ref: Ref, limit: Hits = 10) -> Response:
    """Find the messages that are most like one."""
    return answer(await (await caller.search()).similar(ref, limit))
