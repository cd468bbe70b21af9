"""What happened to topics, and what people do to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr
from starlette.responses import Response

from tg_parser.api.answers import DATES, Cursor, Limit, SourceIds, answer, problems
from tg_parser.api.context import Caller
from tg_parser.domain.date_parsing import PATTERN, parse_date
from tg_parser.domain.errors import InvalidCursorError
from tg_parser.domain.pages import PageRequest, cursor_of, id_in
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.domain.topics import TopicChange, TopicEdit
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.views.pages import Page
from tg_parser.services.views.topic_edits import EditedTopic

router = APIRouter(tags=["topics"])

TopicId = Annotated[str, Path(min_length=1, max_length=300, pattern=NO_NUL, description="topic:REF")]
_Title = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=NO_NUL)]
_Id = Annotated[StrictStr, Field(min_length=1, max_length=300, pattern=NO_NUL)]
_Ids = Annotated[list[_Id], Field(min_length=1, max_length=1000)]
_LIST = "topic edits"
_PROBLEMS = problems(404, 409)
_BODY_PROBLEMS = problems(404, 409, body=True)


class NewTitle(BaseModel):
    """The title of a topic."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Weather in the capital"}]})

    title: _Title


class OtherTopic(BaseModel):
    """The topic that becomes a part of another."""

    model_config = ConfigDict(extra="forbid")

    other_id: _Id


class SplitMessages(BaseModel):
    """Messages that become a topic of their own."""

    model_config = ConfigDict(extra="forbid")

    messages: _Ids
    title: _Title | None = Field(default=None, description="Title of the new topic; by default it is found.")


class MovedMessages(BaseModel):
    """Messages, or ids of events whose messages are all meant, that belong to a topic."""

    model_config = ConfigDict(extra="forbid")

    messages: _Ids


@router.get(
    "/topics/{topic_id}/history",
    operation_id="getTopicHistory",
    response_model=Page[TopicChange],
    responses=problems(404),
)
async def topic_history(caller: Caller, topic_id: TopicId, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Return what happened to a topic, oldest first: when it was found, grew, was renamed or merged, why, by whom."""
    return answer(await (await caller.reading()).topics.history_page(topic_id, PageRequest(limit, cursor)))


@router.get(
    "/topic-changes", operation_id="listTopicChanges", response_model=Page[TopicChange], responses=problems(404)
)
async def list_topic_changes(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: SourceIds = None,
    since: Annotated[str | None, Query(pattern=PATTERN, description=f"Only from this time on. {DATES}")] = None,
) -> Response:
    """List what happened to topics, oldest first."""
    first = parse_date(since, utc_now()) if since else None
    channels = await caller.channels_of(source)
    return answer(await (await caller.reading()).topics.changes_page(channels, first, PageRequest(limit, cursor)))


@router.get("/topic-edits", operation_id="listTopicEdits", response_model=Page[TopicEdit], responses=problems(404))
async def list_topic_edits(
    caller: Caller, limit: Limit = 50, cursor: Cursor = None, source: SourceIds = None
) -> Response:
    """List what people did to topics, oldest first, undone edits too."""
    page = PageRequest(limit, cursor)
    written = id_in(page.cursor, _LIST) or "0"
    if not written.isdecimal():
        raise InvalidCursorError
    every = await (await caller.topic_edits()).list(await caller.channels_of(source))
    found = [edit for edit in every if edit.number > int(written)]
    shown = found[: page.limit]
    end = cursor_of((str(shown[-1].number),), _LIST) if len(found) > page.limit else None
    return answer(Page[TopicEdit](items=tuple(shown), next_cursor=end))


@router.post(
    "/topics/{topic_id}/rename", operation_id="renameTopic", response_model=EditedTopic, responses=_BODY_PROBLEMS
)
async def rename_topic(caller: Caller, topic_id: TopicId, new: NewTitle) -> Response:
    """Give a topic a title that stays, whatever later runs find."""
    return answer(await caller.edit_topics(lambda edits, by: edits.rename(topic_id, new.title, by)))


@router.post(
    "/topics/{topic_id}/merge", operation_id="mergeTopics", response_model=EditedTopic, responses=_BODY_PROBLEMS
)
async def merge_topics(caller: Caller, topic_id: TopicId, other: OtherTopic) -> Response:
    """Make another topic a part of this one. All their messages stay together in later runs."""
    return answer(await caller.edit_topics(lambda edits, by: edits.merge(topic_id, other.other_id, by)))


@router.post(
    "/topics/{topic_id}/split", operation_id="splitTopic", response_model=EditedTopic, responses=_BODY_PROBLEMS
)
async def split_topic(caller: Caller, topic_id: TopicId, chosen: SplitMessages) -> Response:
    """Make messages of a topic a topic of their own, `other_id`, which later runs keep apart from the rest."""
    return answer(await caller.edit_topics(lambda edits, by: edits.split(topic_id, chosen.messages, by, chosen.title)))


@router.post(
    "/topics/{topic_id}/move", operation_id="moveMessages", response_model=EditedTopic, responses=_BODY_PROBLEMS
)
async def move_messages(caller: Caller, topic_id: TopicId, chosen: MovedMessages) -> Response:
    """Move messages from other topics to this one, where they stay in later runs."""
    return answer(await caller.edit_topics(lambda edits, by: edits.move(chosen.messages, topic_id, by)))


@router.post("/topics/{topic_id}/hide", operation_id="hideTopic", response_model=EditedTopic, responses=_PROBLEMS)
async def hide_topic(caller: Caller, topic_id: TopicId) -> Response:
    """Leave a topic out of lists, search and exports; it goes on to grow."""
    return answer(await caller.edit_topics(lambda edits, by: edits.hide(topic_id, by)))


@router.post("/topics/{topic_id}/pin", operation_id="pinTopic", response_model=EditedTopic, responses=_PROBLEMS)
async def pin_topic(caller: Caller, topic_id: TopicId) -> Response:
    """Let a topic stand first in lists; no run merges, splits or ends it."""
    return answer(await caller.edit_topics(lambda edits, by: edits.pin(topic_id, by)))


@router.post(
    "/topic-edits/{number}/undo", operation_id="undoTopicEdit", response_model=EditedTopic, responses=_PROBLEMS
)
async def undo_topic_edit(
    caller: Caller, number: Annotated[int, Path(ge=1, le=2**53, description="Number of an edit.")]
) -> Response:
    """Take back an edit: what it changed is as before, as far as it can be, and later runs decide again."""
    return answer(await caller.edit_topics(lambda edits, by: edits.undo(number, by)))
