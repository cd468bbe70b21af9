"""Lets free workers share the processing of one channel: each one that starts to help requests one more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tg_parser.domain.errors import JobStateError
from tg_parser.domain.jobs import ENDED
from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.jobs.runner import regularly
from tg_parser.services.documents import ProcessReport
from tg_parser.services.jobs import Asking, JobService

if TYPE_CHECKING:
    from tg_parser.domain.jobs import Job
    from tg_parser.processing.reports import ProcessOptions
    from tg_parser.wiring.run import Run

MANY = 200
"""Minimum number of waiting messages for requesting help: fewer are done before another worker has started."""
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SharedProcessing:
    """Processes messages in this process, and lets other workers help with the same job."""

    jobs: JobService

    async def process(
        self, job: Job, run: Run, channels: list[str], options: ProcessOptions, report: ReportProgress
    ) -> ProcessReport:
        """Return what this worker did for a job. The job that is helped ends last, and reports the total progress."""
        if job.helps is not None and await self._is_over(job.helps):
            return ProcessReport()
        if await run.documents.count_waiting(channels, options) < MANY:
            return await run.documents.process(channels, options, report)
        await self.jobs.submit("process", {**job.parameters, "helps": job.helps or job.job_id}, _asked_as(job))
        if job.helps is not None:
            return await run.documents.process(channels, options, report)
        return await self._to_the_last(job, run, channels, options, report)

    async def _to_the_last(
        self, job: Job, run: Run, channels: list[str], options: ProcessOptions, report: ReportProgress
    ) -> ProcessReport:
        total = await run.documents.count_waiting(channels, options)

        async def tell() -> int:
            left = await run.documents.count_waiting(channels, options)
            report(Progress("process", max(0, total - left), total))
            return left

        async def tell_on() -> None:
            await tell()

        done = ProcessReport()
        async with regularly(tell_on, _LOOK_SECONDS):
            while True:
                more = await run.documents.process(channels, options, silent)
                done += more
                await self._helpers_ended(job.job_id)
                # A helper that died or was cancelled may have left messages; those claimed by others are theirs.
                if not await tell() or more == ProcessReport():
                    return done

    async def _is_over(self, helped: str) -> bool:
        """Return whether the job that a helper has just started to share has already ended."""
        job = await self.jobs.get(helped)
        return job.state in ENDED or job.cancel_requested_at is not None

    async def _helpers_ended(self, job_id: str) -> None:
        """Cancel helpers that have not started, and wait for the others."""
        while helpers := await self.jobs.helpers(job_id):
            for helper in helpers:
                if helper.state == "queued":
                    with suppress(JobStateError):
                        await self.jobs.cancel(helper.job_id)
            await asyncio.sleep(_LOOK_SECONDS / 4)


def _asked_as(job: Job) -> Asking:
    return Asking(asked_by=job.asked_by, request_id=job.request_id)
