"""Sources: the channels to collect."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from starlette.responses import Response

from tg_parser.api.answers import Cursor, Limit, answer, problems
from tg_parser.api.context import Caller, TheServices
from tg_parser.domain.errors import SourceError
from tg_parser.domain.messages import Adapter
from tg_parser.domain.pages import PageRequest, cursor_of, id_in
from tg_parser.domain.sources import Source, SourceChange, Steps
from tg_parser.domain.strict_fields import NO_NUL, WHOLE, Moment
from tg_parser.services.views.collecting import RemovedSource
from tg_parser.services.views.pages import Page
from tg_parser.services.views.reading import SourceStatusReport

router = APIRouter(prefix="/sources", tags=["sources"])

SourceId = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL, description="Id of a source.")]
_LIST = "sources"
_NEVER_NULL = frozenset({"channel_id", "channel_username", "include_comments"})


class ChangedSource(BaseModel):
    """Changes to a source. Omitted fields stay unchanged, and so do a chat or a flag given as null."""

    model_config = ConfigDict(extra="forbid")

    channel_id: StrictStr | None = Field(
        default=None, pattern=NO_NUL, description="Number, @name or t.me link of the chat."
    )
    channel_username: StrictStr | None = Field(default=None, pattern=NO_NUL, description="Username of the chat.")
    include_comments: StrictBool | None = None
    via: Adapter | None = Field(default=None, description="How to read the chat; null: chosen automatically.")
    history_from: Moment | None = Field(default=None, description="Do not collect older messages; null: no limit.")
    history_to: Moment | None = Field(default=None, description="Collect only messages before this; null: no limit.")
    poll_interval_seconds: Annotated[StrictInt, Field(ge=1, le=31_622_400), WHOLE] | None = Field(
        default=None, description="Seconds between two polls; null: as set in the settings."
    )
    steps: Steps | None = Field(
        default=None, description="Last stage of scheduled runs; null: as set by SCHEDULER_STEPS."
    )
    batch_size: Annotated[StrictInt, Field(ge=1, le=10_000), WHOLE] | None = Field(
        default=None, description="Messages requested at a time; null: the adapter's default."
    )

    def change(self, source_id: str) -> SourceChange:
        """Return the changes to a source; null means no chat, and leaves comments undecided."""
        given = self.model_dump(exclude_unset=True, exclude={"source_id"})
        stated = {name: value for name, value in given.items() if value is not None or name not in _NEVER_NULL}
        return SourceChange(source_id=source_id, **stated)


class NewSource(ChangedSource):
    """A source to collect. If `source_id` is the channel's username, nothing else is needed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"source_id": "durov", "include_comments": True}]}
    )

    source_id: StrictStr = Field(min_length=1, max_length=200, pattern=NO_NUL)


@router.get("", operation_id="listSources", response_model=Page[Source], responses=problems())
async def list_sources(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """List the sources, by id."""
    page = PageRequest(limit, cursor)
    after = id_in(page.cursor, _LIST) or ""
    found = sorted((each for each in await caller.sources() if each.source_id > after), key=lambda each: each.source_id)
    shown = found[: page.limit]
    end = cursor_of((shown[-1].source_id,), _LIST) if len(found) > page.limit else None
    return answer(Page[Source](items=tuple(shown), next_cursor=end))


@router.post("", operation_id="addSource", status_code=201, response_model=Source, responses=problems(409, body=True))
async def add_source(caller: Caller, new: NewSource) -> Response:
    """Add a source. An existing one is not changed."""
    if any(each.source_id == new.source_id for each in await caller.sources()):
        raise SourceError(
            f"A source {new.source_id!r} already exists.", case="source_id_taken", source_id=new.source_id
        )
    source = await caller.add_source(new.change(new.source_id))
    return answer(source, 201, {"Location": f"/api/v1/sources/{quote(source.source_id, safe='')}"})


@router.get("/{source_id}", operation_id="getSource", response_model=Source, responses=problems(404))
async def get_source(caller: Caller, source_id: SourceId) -> Response:
    """Return a source."""
    return answer(await caller.source(source_id))


@router.patch(
    "/{source_id}", operation_id="changeSource", response_model=Source, responses=problems(404, 409, body=True)
)
async def change_source(caller: Caller, source_id: SourceId, changed: ChangedSource) -> Response:
    """Change the given settings of a source."""
    await caller.source(source_id)
    return answer(await caller.add_source(changed.change(source_id)))


@router.delete("/{source_id}", operation_id="removeSource", response_model=RemovedSource, responses=problems(404, 409))
async def remove_source(
    caller: Caller,
    source_id: SourceId,
    with_data: Annotated[bool, Query(description="Also delete the channel's messages, documents and topics.")] = False,
) -> Response:
    """Remove a source; its messages, documents and topics are kept unless `with_data` is set."""
    return answer(await caller.remove_source(source_id, with_data=with_data))


@router.post("/{source_id}/pause", operation_id="pauseSource", response_model=Source, responses=problems(404, 409))
async def pause_source(caller: Caller, source_id: SourceId) -> Response:
    """Stop collecting a source until it is resumed."""
    return answer(await caller.set_status(source_id, "paused"))


@router.post("/{source_id}/resume", operation_id="resumeSource", response_model=Source, responses=problems(404, 409))
async def resume_source(caller: Caller, source_id: SourceId) -> Response:
    """Resume a source that is paused or has failed."""
    return answer(await caller.set_status(source_id, "active"))


@router.get(
    "/{source_id}/status", operation_id="getSourceStatus", response_model=SourceStatusReport, responses=problems(404)
)
async def source_status(caller: Caller, services: TheServices, source_id: SourceId) -> Response:
    """Return figures of a source: what is stored, waiting, failed and missing."""
    return answer(await services.app.status.of(await caller.source(source_id)))
