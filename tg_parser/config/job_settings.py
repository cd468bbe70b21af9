"""How jobs are done: by how many at once, for how long a silent worker is trusted, how long ended jobs are kept."""

from __future__ import annotations

from pathlib import Path

from tg_parser.config.groups import SettingsGroup, setting


class JobSettings(SettingsGroup):
    """Jobs and the workers that do them."""

    concurrency: int = setting("WORKER_CONCURRENCY", 4, "Jobs that a worker does at once.", ge=1, le=100)
    takeover_after: float = setting(
        "JOB_TAKEOVER_SECONDS",
        60.0,
        "After this many seconds of silence a worker counts as dead, and others take over its jobs.",
        ge=5,
        le=3600,
    )
    grace: float = setting(
        "JOB_GRACE_SECONDS",
        30.0,
        "Seconds that running jobs have to end when their worker is stopped; then they are given back.",
        ge=0,
        le=3600,
    )
    longest: float = setting(
        "JOB_MAX_SECONDS", 86_400.0, "Seconds after which a job that still runs is ended and has failed.", ge=1
    )
    give_up_after: float = setting(
        "WORKER_GIVE_UP_SECONDS",
        600.0,
        "Seconds that a worker waits for a PostgreSQL that stays away; then it ends with an error.",
        ge=1,
        le=604_800,
    )
    retention_days: int = setting(
        "JOB_RETENTION_DAYS", 30, "Days after which an ended job and its files are deleted.", ge=1, le=3660
    )
    exports_dir: Path = setting("EXPORTS_DIR", Path("data/exports"), "Folder of the files that export jobs write.")
