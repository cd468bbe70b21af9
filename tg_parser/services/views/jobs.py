"""Jobs and their results."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from tg_parser.domain.jobs import JobState, JsonObject
from tg_parser.services.views.agents import HistoryCleanup
from tg_parser.services.views.base import View

if TYPE_CHECKING:
    from tg_parser.domain.jobs import Job


class JobErrorView(View):
    """Why a job failed, or why it waits for another attempt."""

    code: str
    message: str
    hint: str | None
    data: dict[str, Any] = Field(default_factory=dict)


class JobView(View):
    """A job. `progress` describes the current step with `done`, `total`, `per_second` and `seconds_left`."""

    job_id: str
    kind: str
    state: JobState
    parameters: JsonObject
    channel_id: str | None
    asked_by: str | None
    request_id: str | None
    attempt: int
    takeovers: int
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    worker: str | None
    progress: JsonObject | None
    result: JsonObject | None
    error: JobErrorView | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the view of a job."""
        return cls.copied_from(job)


class CleanupResult(View):
    """Result of a `cleanup` job: archived or deleted entries of the agents' history, ended jobs with their folders,
    and webhook deliveries."""

    history: HistoryCleanup
    jobs: int
    folders: int
    deliveries: int


class JobList(View):
    """`jobs list`, newest first."""

    jobs: tuple[JobView, ...]


class ExportFile(View):
    """A file of an export."""

    name: str
    bytes: int


class ExportFiles(View):
    """Files written by a job, for download."""

    job_id: str
    files: tuple[ExportFile, ...]
