"""Settings of the schedule: polling sources, cleanup, backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from tg_parser.config.groups import SettingsGroup, setting


def _cron(value: str | None) -> str | None:
    # Loaded only for schedules that differ from the default, which most installations keep.
    from croniter import croniter  # noqa: PLC0415

    if value is not None and not croniter.is_valid(value):
        raise ValueError("not a cron expression with five fields, such as 30 3 * * *")
    return value


Cron = Annotated[str | None, AfterValidator(_cron)]
_FIVE_FIELDS = "cron expression with five fields, in UTC"


class ScheduleSettings(SettingsGroup):
    """Scheduled work of workers."""

    enabled: bool = setting("SCHEDULER_ENABLED", False, "Let workers poll sources and follow the schedule.")
    interval: int = setting(
        "SCHEDULER_INTERVAL", 3600, "Seconds between two polls of a source that has no interval of its own.", ge=60
    )
    steps: Literal["ingest", "process", "topicize"] = setting(
        "SCHEDULER_STEPS",
        "ingest",
        "Last stage of a poll unless the source has its own setting: collecting, processing or finding topics.",
    )
    cleanup: Cron = setting("CLEANUP_SCHEDULE", "30 3 * * *", "When to delete old jobs and history.", form=_FIVE_FIELDS)
    backup: Cron = setting("BACKUP_SCHEDULE", None, "When to make backups; unset, never.", form=_FIVE_FIELDS)
