"""What a worker asks for by itself: sources at their intervals, cleanup at night, backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from tg_parser.config.groups import SettingsGroup, setting


def _cron(value: str | None) -> str | None:
    # Most installations leave the schedules as they are, and need not wait until this is loaded.
    from croniter import croniter  # noqa: PLC0415

    if value is not None and not croniter.is_valid(value):
        raise ValueError("not a cron expression of five fields, such as 30 3 * * *")
    return value


Cron = Annotated[str | None, AfterValidator(_cron)]
_FIVE_FIELDS = "five fields of cron, in UTC"


class ScheduleSettings(SettingsGroup):
    """The schedule that workers keep."""

    enabled: bool = setting("SCHEDULER_ENABLED", False, "Whether workers poll sources and keep the schedule.")
    interval: int = setting(
        "SCHEDULER_INTERVAL", 3600, "Seconds between two polls of a source that has no interval of its own.", ge=60
    )
    steps: Literal["ingest", "process", "topicize"] = setting(
        "SCHEDULER_STEPS",
        "ingest",
        "How far what a poll finds is taken, unless its source says otherwise: collected, processed, or topicised too.",
    )
    cleanup: Cron = setting("CLEANUP_SCHEDULE", "30 3 * * *", "When old jobs and history go.", form=_FIVE_FIELDS)
    backup: Cron = setting("BACKUP_SCHEDULE", None, "When backups are made; unset, never.", form=_FIVE_FIELDS)
