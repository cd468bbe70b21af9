"""When scheduled work is due: polls of sources, and work with a cron expression. All times are UTC."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter

from tg_parser.domain.sources import Source

LONGEST_PAUSE = timedelta(days=1)
"""A failing source is polled at least this often, or at its own interval if that is longer."""
SPREAD = 0.1
"""Sources with the same interval are spread over this share of it."""
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class LastRun:
    """When scheduled work last ran and with which job; without a job, the time from which it counts."""

    at: datetime
    job_id: str | None = None


def next_poll(source: Source, asked_at: datetime | None, usual: timedelta) -> datetime | None:
    """Return the next poll of a source; None if it is not polled: paused, permanently failed, or filled from exports.

    `asked_at` is the time of its last poll, `usual` the interval of sources without their own.
    """
    if source.status != "active" or source.via == "export":
        return None
    known = [moment for moment in (asked_at, source.last_attempt_at) if moment is not None]
    due = max(known) + _pause(source, usual) if known else source.created_at
    return max(due, source.rate_limit_until or due)


def next_time(cron: str, after: datetime) -> datetime:
    """Return the first time after `after` that matches a cron expression."""
    found: datetime = croniter(cron, after).get_next(datetime)
    return found


def _pause(source: Source, usual: timedelta) -> timedelta:
    interval = timedelta(seconds=source.poll_interval_seconds) if source.poll_interval_seconds else usual
    longer: timedelta = interval * 2 ** min(source.fail_count, _MOST_DOUBLINGS)
    return min(longer, max(interval, LONGEST_PAUSE)) * (1 + SPREAD * _share(source.source_id))


def _share(source_id: str) -> float:
    """Return a number from 0 to 1 that is always the same for a source."""
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:4]) / 2**32
