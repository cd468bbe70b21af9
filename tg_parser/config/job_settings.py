"""Settings of jobs and workers."""

from __future__ import annotations

from pathlib import Path

from tg_parser.config.groups import SettingsGroup, setting


class JobSettings(SettingsGroup):
    """Jobs and workers."""

    concurrency: int = setting("WORKER_CONCURRENCY", 4, "Jobs that a worker runs at the same time.", ge=1, le=100)
    takeover_after: float = setting(
        "JOB_TAKEOVER_SECONDS",
        60.0,
        "Seconds without a sign of life after which a worker counts as dead and its jobs are taken over.",
        ge=5,
        le=3600,
    )
    grace: float = setting(
        "JOB_GRACE_SECONDS",
        30.0,
        "Seconds that running jobs have to finish when their worker is stopped; then they go back to the queue.",
        ge=0,
        le=3600,
    )
    longest: float = setting(
        "JOB_MAX_SECONDS", 86_400.0, "Maximum duration of a job in seconds; then it is stopped and fails.", ge=1
    )
    give_up_after: float = setting(
        "WORKER_GIVE_UP_SECONDS",
        600.0,
        "Seconds that a worker waits for an unavailable PostgreSQL before it exits with an error.",
        ge=1,
        le=604_800,
    )
    retention_days: int = setting(
        "JOB_RETENTION_DAYS", 30, "Days after which an ended job and its files are deleted.", ge=1, le=3660
    )
    exports_dir: Path = setting("EXPORTS_DIR", Path("data/exports"), "Folder of the files written by export jobs.")
