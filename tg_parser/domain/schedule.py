"""When what is done regularly is due: polls of sources, and what has its times in a cron expression. All in UTC."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter

from tg_parser.domain.sources import Source

LONGEST_PAUSE = timedelta(days=1)
"""A source that fails again and again is polled so often at least, or at its own interval where that is longer."""
SPREAD = 0.1
"""By this share of the pause, sources with the same interval are spread."""
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class LastRun:
    """When an entry of the schedule was last asked for, and with which job; none where it only counts from then."""

    at: datetime
    job_id: str | None = None


def next_poll(source: Source, asked_at: datetime | None, usual: timedelta) -> datetime | None:
    """When a source is polled next; None for one that is not polled: paused, failed for good, or filled from exports.

    `asked_at` is when its last poll was asked for, `usual` the interval of sources without their own.
    """
    if source.status != "active" or source.via == "export":
        return None
    known = [moment for moment in (asked_at, source.last_attempt_at) if moment is not None]
    due = max(known) + _pause(source, usual) if known else source.created_at
    return max(due, source.rate_limit_until or due)


def next_time(cron: str, after: datetime) -> datetime:
    """The first moment of a cron expression after another."""
    found: datetime = croniter(cron, after).get_next(datetime)
    return found


def _pause(source: Source, usual: timedelta) -> timedelta:
    interval = timedelta(seconds=source.poll_interval_seconds) if source.poll_interval_seconds else usual
    longer: timedelta = interval * 2 ** min(source.fail_count, _MOST_DOUBLINGS)
    return min(longer, max(interval, LONGEST_PAUSE)) * (1 + SPREAD * _share(source.source_id))


def _share(source_id: str) -> float:
    """From 0 to 1, always the same for a source."""
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:4]) / 2**32
