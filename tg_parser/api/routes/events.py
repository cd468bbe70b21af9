"""Streams the progress of a job as server-sent events."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from tg_parser.api.answers import problems
from tg_parser.api.context import Caller, TheServices
from tg_parser.api.routes.jobs import JobId
from tg_parser.domain.errors import JobNotFoundError, TgParserError, TooManyRequestsError
from tg_parser.domain.jobs import ENDED, Job
from tg_parser.services.job_watch import JobWatch
from tg_parser.services.scope import Scope
from tg_parser.services.views.jobs import JobView

router = APIRouter(prefix="/jobs", tags=["jobs"])

QUIET_SECONDS = 15.0
"""Interval in seconds without news after which a comment keeps the connection open, and the key is checked again."""
_COMMENT = b": the job goes on\n\n"
_EVENT = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json"},
        "event": {"type": "string", "enum": ["progress", "ended", "refused"]},
        "id": {"type": "string"},
    },
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `progress` while the job waits and runs, and `ended` at the end. The data is the "
        "job, as returned by GET /jobs/{job_id}.",
        "content": {"text/event-stream": {"schema": _EVENT}},
    },
    204: {"description": "Nothing more will come: the job has ended, and Last-Event-ID is its last event."},
    **problems(404),
}


@router.get("/{job_id}/events", operation_id="followJob", response_class=Response, responses=_STREAM)
async def follow_job(
    caller: Caller,
    services: TheServices,
    job_id: JobId,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=200, description="Id of the last event received.")
    ] = None,
) -> Response:
    """Follow a job until it has ended. After a lost connection, Last-Event-ID avoids repeating known events."""
    job = await caller.job(job_id)
    if job.state in ENDED and _event_id(job) == last_event_id:
        return Response(status_code=204)
    most = services.app.settings.api.most_streams
    if services.watch.followers >= most:
        raise TooManyRequestsError(f"The maximum of {most} event streams is already open.", "Try again later.")
    return EventSourceResponse(_events(services.watch, caller, job_id, last_event_id))


async def _events(watch: JobWatch, caller: Scope, job_id: str, known: str | None) -> AsyncIterator[bytes]:
    """Yield the events of a job. The stream ends when the key loses access to the job."""
    try:
        async for job in watch.follow(job_id, quiet=QUIET_SECONDS):
            if job is None:
                await caller.require_still_valid()
                yield _COMMENT
            elif (event_id := _event_id(job)) != known:
                known = event_id
                name = "ended" if job.state in ENDED else "progress"
                yield format_sse_event(data_str=JobView.of(job).model_dump_json(), event=name, id=event_id)
    except JobNotFoundError:
        return
    except TgParserError as error:
        yield format_sse_event(data_str=error.message, event="refused")


def _event_id(job: Job) -> str:
    """Return an id that depends only on the state of a job, so that it is the same in every process."""
    told = repr((job.state, job.attempt, job.progress, job.cancel_requested_at, job.run_at))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
