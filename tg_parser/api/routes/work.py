"""Requests for work: one route per kind of job, which returns the waiting job."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from tg_parser.api.answers import problems
from tg_parser.api.context import Caller
from tg_parser.api.routes.jobs import accepted
from tg_parser.domain.jobs import JobKind
from tg_parser.services import job_requests as asked
from tg_parser.services.scope import Scope
from tg_parser.services.views.jobs import JobView

router = APIRouter(tags=["work"])
_ANSWERS = problems(404, 409, body=True)


async def _submitted(caller: Scope, kind: JobKind, wanted: asked.JobParameters) -> Response:
    parameters = wanted.model_dump(mode="json", exclude_defaults=True)
    return accepted(JobView.of(await caller.submit(kind, parameters, wanted.webhook)))


@router.post("/ingest", operation_id="ingest", status_code=202, response_model=JobView, responses=_ANSWERS)
async def ingest(caller: Caller, wanted: asked.IngestParameters) -> Response:
    """Collect what is new in a source."""
    return await _submitted(caller, "ingest", wanted)


@router.post("/recheck", operation_id="recheck", status_code=202, response_model=JobView, responses=_ANSWERS)
async def recheck(caller: Caller, wanted: asked.RecheckParameters) -> Response:
    """Check stored posts again for edits and deletions."""
    return await _submitted(caller, "recheck", wanted)


@router.post("/process", operation_id="process", status_code=202, response_model=JobView, responses=_ANSWERS)
async def process(caller: Caller, wanted: asked.ProcessParameters) -> Response:
    """Create documents from the waiting messages of a source."""
    return await _submitted(caller, "process", wanted)


@router.post("/topicize", operation_id="topicize", status_code=202, response_model=JobView, responses=_ANSWERS)
async def topicize(caller: Caller, wanted: asked.TopicizeParameters) -> Response:
    """Group the documents of a source into topics."""
    return await _submitted(caller, "topicize", wanted)


@router.post("/export", operation_id="export", status_code=202, response_model=JobView, responses=_ANSWERS)
async def export(caller: Caller, wanted: asked.ExportParameters) -> Response:
    """Write a knowledge base; its files can be downloaded under /exports once the job is done."""
    return await _submitted(caller, "export", wanted)


@router.post("/run", operation_id="run", status_code=202, response_model=JobView, responses=_ANSWERS)
async def run(caller: Caller, wanted: asked.RunParameters) -> Response:
    """Collect and process a source, find its topics and export it in one go."""
    return await _submitted(caller, "run", wanted)


@router.post("/sentiment", operation_id="sentiment", status_code=202, response_model=JobView, responses=_ANSWERS)
async def sentiment(caller: Caller, wanted: asked.SentimentParameters) -> Response:
    """Aggregate the tone of a source's comments."""
    return await _submitted(caller, "sentiment", wanted)


@router.post("/backup", operation_id="backup", status_code=202, response_model=JobView, responses=_ANSWERS)
async def backup(caller: Caller, wanted: asked.BackupParameters) -> Response:
    """Back up all databases. Needs the role admin and a key that is not limited to sources."""
    return await _submitted(caller, "backup", wanted)


@router.post("/cleanup", operation_id="cleanup", status_code=202, response_model=JobView, responses=_ANSWERS)
async def cleanup(caller: Caller, wanted: asked.CleanupParameters) -> Response:
    """Archive old history and delete old jobs. Needs the role admin and a key that is not limited to sources."""
    return await _submitted(caller, "cleanup", wanted)
