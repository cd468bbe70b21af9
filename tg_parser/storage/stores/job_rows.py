"""A job as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tg_parser.domain.jobs import Job, JobError
from tg_parser.domain.storable import storable_json


def error_values(error: JobError | None) -> dict[str, Any]:
    """The columns of an error, of none too."""
    return {
        "error": None if error is None else error.message,
        "error_json": None if error is None else storable_json(asdict(error)),
    }


def row_of(job: Job) -> dict[str, Any]:
    """The row of a job that is new."""
    return {
        "job_id": job.job_id,
        "job_type": job.kind,
        "status": job.state,
        "created_at": job.created_at,
        "channel_id": job.channel_id,
        "client": job.asked_by or "",
        "parameters_json": storable_json(job.parameters),
        "digest": job.digest,
        "lock_name": job.lock,
        "run_at": job.run_at,
        "attempt": job.attempt,
        "takeovers": job.takeovers,
        "request_id": job.request_id,
        "idempotency_key": job.idempotency_key,
        "helps": job.helps,
        "traceparent": job.traceparent,
    }


def job_of(row: Mapping[str, Any]) -> Job:
    """The job of a row, of the earlier version too."""
    return Job(
        job_id=row["job_id"],
        kind=row["job_type"],
        created_at=row["created_at"],
        run_at=row["run_at"] or row["created_at"],
        parameters=row["parameters_json"] or {},
        state=row["status"],
        channel_id=row["channel_id"],
        lock=row["lock_name"],
        asked_by=row["client"] or None,
        request_id=row["request_id"],
        idempotency_key=row["idempotency_key"],
        attempt=row["attempt"],
        takeovers=row["takeovers"],
        worker=row["worker"],
        started_at=row["started_at"],
        heartbeat_at=row["heartbeat_at"],
        finished_at=row["completed_at"],
        cancel_requested_at=row["cancel_requested_at"],
        progress=row["progress_json"],
        result=row["result_json"],
        error=_error(row),
        helps=row["helps"],
        traceparent=row["traceparent"],
    )


def _error(row: Mapping[str, Any]) -> JobError | None:
    if row["error_json"] is not None:
        return JobError(**row["error_json"])
    return None if row["error"] is None else JobError("error", row["error"])
