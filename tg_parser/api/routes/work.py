"""Asking for work: every kind of job has a route, which answers with the job that waits."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from tg_parser.api.answers import IdempotencyKey, problems
from tg_parser.api.context import Caller
from tg_parser.api.routes.jobs import accepted
from tg_parser.domain.jobs import JobKind
from tg_parser.services import job_requests as asked
from tg_parser.services.scope import Scope
from tg_parser.services.views.jobs import JobView

router = APIRouter(tags=["work"])
_ANSWERS = problems(404, 409, body=True)


async def _submitted(caller: Scope, kind: JobKind, wanted: asked.JobParameters, key: str | None) -> Response:
    parameters = wanted.model_dump(mode="json", exclude_defaults=True)
    return accepted(JobView.of(await caller.submit(kind, parameters, key)))


@router.post("/ingest", operation_id="ingest", status_code=202, response_model=JobView, responses=_ANSWERS)
async def ingest(caller: Caller, wanted: asked.IngestParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Collect what is new of a source."""
    return await _submitted(caller, "ingest", wanted, idempotency_key)


@router.post("/recheck", operation_id="recheck", status_code=202, response_model=JobView, responses=_ANSWERS)
async def recheck(caller: Caller, wanted: asked.RecheckParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Look again at stored posts for edits and deletions."""
    return await _submitted(caller, "recheck", wanted, idempotency_key)


@router.post("/process", operation_id="process", status_code=202, response_model=JobView, responses=_ANSWERS)
async def process(caller: Caller, wanted: asked.ProcessParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Make documents of the messages of a source that wait."""
    return await _submitted(caller, "process", wanted, idempotency_key)


@router.post("/topicize", operation_id="topicize", status_code=202, response_model=JobView, responses=_ANSWERS)
async def topicize(
    caller: Caller, wanted: asked.TopicizeParameters, idempotency_key: IdempotencyKey = None
) -> Response:
    """Group the documents of a source into topics."""
    return await _submitted(caller, "topicize", wanted, idempotency_key)


@router.post("/export", operation_id="export", status_code=202, response_model=JobView, responses=_ANSWERS)
async def export(caller: Caller, wanted: asked.ExportParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Write a knowledge base; its files are downloaded under /exports once the job is done."""
    return await _submitted(caller, "export", wanted, idempotency_key)


@router.post("/run", operation_id="run", status_code=202, response_model=JobView, responses=_ANSWERS)
async def run(caller: Caller, wanted: asked.RunParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Collect, process, topicise and export a source, in one go."""
    return await _submitted(caller, "run", wanted, idempotency_key)


@router.post("/sentiment", operation_id="sentiment", status_code=202, response_model=JobView, responses=_ANSWERS)
async def sentiment(
    caller: Caller, wanted: asked.SentimentParameters, idempotency_key: IdempotencyKey = None
) -> Response:
    """Sum up the tone of a source's comments."""
    return await _submitted(caller, "sentiment", wanted, idempotency_key)


@router.post("/backup", operation_id="backup", status_code=202, response_model=JobView, responses=_ANSWERS)
async def backup(caller: Caller, wanted: asked.BackupParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Make a backup of everything. Needs the role admin and a key without a limit."""
    return await _submitted(caller, "backup", wanted, idempotency_key)


@router.post("/cleanup", operation_id="cleanup", status_code=202, response_model=JobView, responses=_ANSWERS)
async def cleanup(caller: Caller, wanted: asked.CleanupParameters, idempotency_key: IdempotencyKey = None) -> Response:
    """Put old history into archives, and delete old jobs. Needs the role admin and a key without a limit."""
    return await _submitted(caller, "cleanup", wanted, idempotency_key)
