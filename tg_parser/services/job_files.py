"""Files written by jobs: one folder per job, deleted together with the job."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from tg_parser.domain.errors import JobStateError, NotFoundError
from tg_parser.domain.jobs import Job
from tg_parser.services.views.jobs import ExportFile, ExportFiles
from tg_parser.storage.stores.jobs import JobStorage

_JOB_ID = re.compile(r"\d{8}T\d{9}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file written by a job."""

    path: Path
    stat: os.stat_result


class JobFiles:
    """Manages the folders of jobs below `folder`. Folders that are not named like a job are left alone."""

    def __init__(self, folder: Path, storage: JobStorage) -> None:
        self._folder = folder
        self._storage = storage

    def of(self, job_id: str) -> Path:
        """Return the folder of a job."""
        return self._folder / job_id

    async def listed(self, job: Job) -> ExportFiles:
        """Return the files of an export. Raises JobStateError before it is done, NotFoundError if there are none."""
        found = await asyncio.to_thread(self._files, job)
        files = tuple(ExportFile(name=name, bytes=each.stat.st_size) for name, each in sorted(found.items()))
        return ExportFiles(job_id=job.job_id, files=files)

    async def file(self, job: Job, name: str) -> FoundFile:
        """Return one file of an export. Raises JobStateError, NotFoundError."""
        found = await asyncio.to_thread(self._files, job)
        if name not in found:
            raise NotFoundError(f"Job {job.job_id} has no file {name!r}.", case="no_export_file", job_id=job.job_id)
        return found[name]

    async def delete_of_deleted_jobs(self) -> int:
        """Delete the folders of jobs that no longer exist; return their number."""
        found = await asyncio.to_thread(self._job_ids)
        orphans = sorted(found - await self._storage.known(found))
        for job_id in orphans:
            await asyncio.to_thread(shutil.rmtree, self.of(job_id), ignore_errors=True)
        return len(orphans)

    def _files(self, job: Job) -> dict[str, FoundFile]:
        """Return the files by name. Names come from the folder, not from requests, so nothing outside is reachable."""
        if job.state != "done":
            raise JobStateError(
                job.job_id, job.state, told=f"Job {job.job_id} is {job.state}: there are no files to download."
            )
        folder = self.of(job.job_id)
        if not _JOB_ID.fullmatch(job.job_id) or not folder.is_dir():
            raise NotFoundError(
                f"Job {job.job_id} has no files here: it wrote none, or its worker uses a different EXPORTS_DIR.",
                case="no_export_files",
                job_id=job.job_id,
            )
        found = (
            (each.name, FoundFile(Path(each.path), each.stat(follow_symlinks=False))) for each in os.scandir(folder)
        )
        return {name: each for name, each in found if stat.S_ISREG(each.stat.st_mode)}

    def _job_ids(self) -> set[str]:
        if not self._folder.is_dir():
            return set()
        return {each.name for each in self._folder.iterdir() if each.is_dir() and _JOB_ID.fullmatch(each.name)}
