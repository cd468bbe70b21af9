"""The files that jobs have written: a folder for every job, which goes when the job is deleted."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

from tg_parser.storage.stores.jobs import JobStorage

_JOB_ID = re.compile(r"\d{8}T\d{9}-[0-9a-f]{8}")


class JobFiles:
    """The folders below `folder`. What does not bear the name of a job is none of theirs and stays."""

    def __init__(self, folder: Path, storage: JobStorage) -> None:
        self._folder = folder
        self._storage = storage

    def of(self, job_id: str) -> Path:
        """Where the files of a job are."""
        return self._folder / job_id

    async def delete_of_deleted_jobs(self) -> int:
        """Delete the folders of jobs that are no more; returns their number."""
        found = await asyncio.to_thread(self._job_ids)
        orphans = sorted(found - await self._storage.known(found))
        for job_id in orphans:
            await asyncio.to_thread(shutil.rmtree, self.of(job_id), ignore_errors=True)
        return len(orphans)

    def _job_ids(self) -> set[str]:
        if not self._folder.is_dir():
            return set()
        return {each.name for each in self._folder.iterdir() if each.is_dir() and _JOB_ID.fullmatch(each.name)}
