"""When what is done regularly is due: a pure rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tg_parser.domain.schedule import next_poll, next_time
from tg_parser.domain.sources import Source

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def source(name: str = "news", **fields: Any) -> Source:
    return Source(source_id=name, channel_id="-1", created_at=NOW, updated_at=NOW, **fields)


def test_a_source_that_was_never_polled_is_due_at_once() -> None:
    """It was added, and nobody has to wait for its first interval."""
    assert next_poll(source(), None, HOUR) == NOW


def test_a_source_is_due_one_interval_after_its_last_poll_or_a_little_later() -> None:
    """Its own interval, or the usual one; whichever is later counts: that it was asked for, or that it was tried."""
    tried = source(last_attempt_at=NOW, poll_interval_seconds=600)
    assert timedelta(seconds=600) <= next_poll(tried, None, HOUR) - NOW <= timedelta(seconds=660)
    assert HOUR <= next_poll(source(last_attempt_at=NOW), NOW - HOUR, HOUR) - NOW <= 1.1 * HOUR
    assert HOUR <= next_poll(source(last_attempt_at=NOW - HOUR), NOW, HOUR) - NOW <= 1.1 * HOUR


def test_sources_are_spread_and_each_keeps_its_place() -> None:
    """A hundred sources that were polled together are not due together the next time; the rule has no dice."""
    moments = [next_poll(source(f"s{number}"), NOW, HOUR) for number in range(100)]
    assert len(set(moments)) == 100
    assert max(moments) - min(moments) > timedelta(minutes=4)
    assert moments == [next_poll(source(f"s{number}"), NOW, HOUR) for number in range(100)]


@pytest.mark.parametrize(("failures", "hours"), [(0, 1), (1, 2), (3, 8), (4, 16), (5, 24), (1000, 24)])
def test_a_source_that_fails_is_left_alone_for_longer(failures: int, hours: int) -> None:
    """Twice as long after each failure, a day at most."""
    wait = next_poll(source(fail_count=failures), NOW, HOUR) - NOW
    assert hours * HOUR <= wait <= 1.1 * hours * HOUR


def test_a_source_polled_once_a_week_keeps_to_that_when_it_fails() -> None:
    """The longest pause makes nothing more frequent."""
    weekly = source(fail_count=3, poll_interval_seconds=7 * 86_400)
    assert next_poll(weekly, NOW, HOUR) - NOW >= timedelta(days=7)


def test_nothing_is_polled_before_telegram_allows_it() -> None:
    """The moment that Telegram named counts where it is later."""
    until = NOW + timedelta(hours=5)
    assert next_poll(source(rate_limit_until=until), NOW, HOUR) == until
    assert next_poll(source(rate_limit_until=NOW), NOW, HOUR) > NOW + timedelta(minutes=59)


@pytest.mark.parametrize("fields", [{"status": "paused"}, {"status": "error"}, {"via": "export"}])
def test_what_cannot_be_polled_is_never_due(fields: Any) -> None:
    """Paused, failed for good, or filled from files."""
    assert next_poll(source(**fields), NOW, HOUR) is None


def test_cron_is_read_in_utc() -> None:
    """Half past three at night, the first one after a moment."""
    assert next_time("30 3 * * *", NOW) == datetime(2024, 11, 28, 3, 30, tzinfo=UTC)
