"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backup_samples import manifest

from tg_parser.backup.directory import Backup, BackupState
from tg_parser.backup.retention import Retention, kept
from tg_parser.services.backups import to_prune

NOON = datetime(2024, 11, 27, 12, 0, tzinfo=UTC)
DAYS = [NOON - timedelta(days=days) for days in range(400)]
NOTHING = Retention(daily=0, weekly=0, monthly=0)


def dates(moments: set[datetime]) -> list[str]:
    return [f"{moment:%Y-%m-%d}" for moment in sorted(moments, reverse=True)]


def test_days_then_weeks_then_months() -> None:
    """Of a backup a day for 400 days: seven days, the Sundays of four weeks, the last days of twelve months."""
    assert dates(kept(DAYS, Retention(daily=7, weekly=4, monthly=12))) == [
        "2024-11-27",
        "2024-11-26",
        "2024-11-25",
        "2024-11-24",
        "2024-11-23",
        "2024-11-22",
        "2024-11-21",
        "2024-11-17",
        "2024-11-10",
        "2024-10-31",
        "2024-09-30",
        "2024-08-31",
        "2024-07-31",
        "2024-06-30",
        "2024-05-31",
        "2024-04-30",
        "2024-03-31",
        "2024-02-29",
        "2024-01-31",
        "2023-12-31",
    ]


def test_newest_of_a_day_stays() -> None:
    """Of several backups of one day only the last one counts for it."""
    morning, evening = NOON - timedelta(hours=3), NOON + timedelta(hours=9)
    assert kept([morning, NOON, evening], Retention(daily=7, weekly=0, monthly=0)) == {evening}


def test_days_without_a_backup_do_not_count() -> None:
    """Seven days are seven days with a backup, however long ago: who stops making them does not lose the last ones."""
    yearly = [datetime(year, 1, 1, tzinfo=UTC) for year in range(2010, 2024)]
    assert dates(kept(yearly, Retention(daily=2, weekly=0, monthly=0))) == ["2023-01-01", "2022-01-01"]


def test_weeks_are_those_of_the_iso_calendar() -> None:
    """The last days of December may belong to the first week of the next year."""
    monday, sunday = datetime(2024, 12, 30, tzinfo=UTC), datetime(2025, 1, 5, tzinfo=UTC)
    before = datetime(2024, 12, 29, tzinfo=UTC)
    assert kept([before, monday, sunday], Retention(daily=0, weekly=9, monthly=0)) == {before, sunday}


def test_the_newest_always_stays() -> None:
    """Even a retention of nothing keeps one."""
    assert kept(DAYS, NOTHING) == {NOON}
    assert kept([], NOTHING) == set()


def backup(name: str, moment: datetime, state: BackupState = "good", origin: str = "here") -> Backup:
    known = manifest(name, moment, origin=origin) if state == "good" else None
    return Backup(name, None, state, moment, 5, known, None)


def named(moment: datetime, number: int = 1) -> str:
    return f"tg-parser-{moment:%Y%m%dT%H%M%SZ}" + (f"-{number}" if number > 1 else "")


def pruned(backups: list[Backup], retention: Retention = NOTHING) -> list[str]:
    return [each.name for each in to_prune(backups, retention, NOON)]


def test_each_origin_keeps_its_own() -> None:
    """A folder shared by two deployments loses the last backup of neither."""
    old = NOON - timedelta(days=90)
    here = [backup(named(moment), moment) for moment in (NOON, old)]
    there = backup(named(old, 2), old, origin="there")
    assert pruned([*here, there]) == [named(old)]


def test_broken_ones_go_after_a_day() -> None:
    """Somebody may want to look at a fresh one; and they never count as the newest."""
    fresh, old = NOON - timedelta(hours=23), NOON - timedelta(hours=25)
    good = backup(named(NOON - timedelta(days=50)), NOON - timedelta(days=50))
    assert pruned([backup(named(fresh), fresh, "broken"), backup(named(old), old, "broken"), good]) == [named(old)]


def test_what_is_written_or_newer_stays() -> None:
    """A backup at work, and one of a version to come, are not ours to judge."""
    old = NOON - timedelta(days=50)
    found = [backup(f"{named(old)}.partial", old, "running"), backup(named(old), old, "newer")]
    assert pruned(found) == []


def test_renamed_ones_stay() -> None:
    """Who gives a backup a name of his own wants to keep it; it does not stand in for another one either."""
    mine = backup("before-the-move", NOON)
    old = NOON - timedelta(days=9)
    assert pruned([mine, backup(named(old), old), backup(named(old - timedelta(1)), old - timedelta(1))]) == [
        named(old - timedelta(1))
    ]
