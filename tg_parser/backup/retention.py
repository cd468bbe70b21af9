"""Which backups are kept: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days, weeks (ISO) and months to keep, all in UTC; those without a backup do not count."""

    daily: int
    weekly: int
    monthly: int


def kept(moments: Sequence[datetime], retention: Retention) -> set[datetime]:
    """Return the `moments` whose backups are kept, always including the newest."""
    newest_first = sorted(set(moments), reverse=True)
    found = set(newest_first[:1])
    for period, count in (
        (_day, retention.daily),
        (_week, retention.weekly),
        (_month, retention.monthly),
    ):
        found |= _newest_of_each(newest_first, period, count)
    return found


def _newest_of_each(
    newest_first: Sequence[datetime], period: Callable[[datetime], Hashable], count: int
) -> set[datetime]:
    newest: dict[Hashable, datetime] = {}
    for moment in newest_first:
        newest.setdefault(period(moment), moment)
    return set(list(newest.values())[:count])


def _day(moment: datetime) -> Hashable:
    return moment.date()


def _week(moment: datetime) -> Hashable:
    return moment.isocalendar()[:2]


def _month(moment: datetime) -> Hashable:
    return moment.year, moment.month
