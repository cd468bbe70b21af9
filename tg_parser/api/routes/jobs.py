"""Jobs: list, show, cancel, retry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from tg_parser.api.answers import Cursor, Limit, answer, problems
from tg_parser.api.context import Caller
from tg_parser.domain.jobs import JobKind, JobState
from tg_parser.domain.pages import PageRequest, cursor_of, id_in
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.services.views.jobs import JobView
from tg_parser.services.views.pages import Page

router = APIRouter(prefix="/jobs", tags=["jobs"])

JobId = Annotated[str, Path(min_length=1, max_length=100, pattern=NO_NUL, description="Id of a job.")]
_LIST = "jobs"


@router.get("", operation_id="listJobs", response_model=Page[JobView], responses=problems(404))
async def list_jobs(
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    state: Annotated[list[JobState] | None, Query(description="Only jobs in these states.")] = None,
    kind: Annotated[list[JobKind] | None, Query(description="Only jobs of these kinds.")] = None,
    source: Annotated[str | None, Query(pattern=NO_NUL, description="Only jobs of this source.")] = None,
) -> Response:
    """List jobs, newest first."""
    page = PageRequest(limit, cursor)
    states, kinds = tuple(sorted(set(state or ()))), tuple(sorted(set(kind or ())))
    of = (_LIST, states, kinds, source)
    before = id_in(page.cursor, *of)
    found = await caller.jobs(limit=page.limit + 1, before=before, states=states, kinds=kinds, source_id=source)
    shown = found[: page.limit]
    end = cursor_of((shown[-1].job_id,), *of) if len(found) > page.limit else None
    return answer(Page[JobView](items=tuple(map(JobView.of, shown)), next_cursor=end))


@router.get("/{job_id}", operation_id="getJob", response_model=JobView, responses=problems(404))
async def get_job(caller: Caller, job_id: JobId) -> Response:
    """Return a job: its parameters, progress and result."""
    return answer(JobView.of(await caller.job(job_id)))


@router.post("/{job_id}/cancel", operation_id="cancelJob", response_model=JobView, responses=problems(404, 409))
async def cancel_job(caller: Caller, job_id: JobId) -> Response:
    """Cancel a job. A running job stops in an orderly way; its finished work is kept."""
    return answer(JobView.of(await caller.cancel(job_id)))


@router.post(
    "/{job_id}/retry", operation_id="retryJob", status_code=202, response_model=JobView, responses=problems(404, 409)
)
async def retry_job(caller: Caller, job_id: JobId) -> Response:
    """Create a new job with the parameters of one that has ended."""
    return accepted(JobView.of(await caller.retry(job_id)))


def accepted(job: JobView) -> Response:
    """Return the response with a new job."""
    return answer(job, 202, {"Location": f"/api/v1/jobs/{job.job_id}"})
