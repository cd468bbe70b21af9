"""The backlog of a chat that is read newest first: nothing between two runs is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.backlog import Backlog, OpenRange


def read(backlog: Backlog, newest: int, pages: int, page: int = 10) -> tuple[Backlog, set[int]]:
    """Read `pages` pages of a chat with posts 1 to `newest`, then stop as a killed run does; what was stored."""
    stored: set[int] = set()
    for within in backlog.to_read():
        before = newest + 1 if within.before_id is None else within.before_id
        while before > within.after_id + 1:
            if not pages:
                return backlog, stored
            ids = range(max(within.after_id + 1, before - page), before)
            stored |= set(ids)
            backlog = backlog.stored(within, min(ids), max(ids))
            before, pages = min(ids), pages - 1
        backlog = backlog.closed(within)
    return backlog, stored


def test_a_run_to_the_first_post_leaves_nothing_open() -> None:
    """Read to its end, the cursor is the newest post."""
    backlog, stored = read(Backlog(), 35, pages=9)
    assert (backlog, backlog.cursor, stored) == (Backlog(35), 35, set(range(1, 36)))


def test_a_run_that_ends_early_leaves_the_rest_open() -> None:
    """The cursor waits below the hole."""
    backlog, _ = read(Backlog(20), 60, pages=2)
    assert backlog == Backlog(60, (OpenRange(20, 41),))
    assert backlog.cursor == 20


def test_what_is_new_is_read_before_what_was_left() -> None:
    """Two runs that ended early leave two holes, newest first."""
    backlog, _ = read(Backlog(60, (OpenRange(20, 41),)), 100, pages=1)
    assert backlog == Backlog(100, (OpenRange(60, 91), OpenRange(20, 41)))
    assert backlog.to_read() == [OpenRange(100, None), OpenRange(60, 91), OpenRange(20, 41)]


def test_what_came_another_way_is_not_read_again() -> None:
    """A cursor moved by an export or the API closes the ranges below it."""
    ranges = (OpenRange(60, 91), OpenRange(20, 41))
    assert Backlog.of(100, ranges, 70) == Backlog(100, (OpenRange(70, 91),))
    assert Backlog.of(100, ranges, 120) == Backlog(120)
    assert Backlog.of(None, None, None) == Backlog(0)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), max_size=8))
def test_whatever_runs_are_cut_short_the_last_whole_one_completes_all(runs: list[tuple[int, int]]) -> None:
    """After any number of runs that grew and ended anywhere, one run to the end has stored every post exactly once
    in its ranges, and the cursor never passes a post that is not stored."""
    backlog, newest, held = Backlog(), 0, set()
    for grown, pages in runs:
        newest += grown
        backlog, stored = read(backlog, newest, pages)
        held |= stored
        assert set(range(1, backlog.cursor + 1)) <= held
        backlog = Backlog.of(backlog.newest_id, backlog.ranges, backlog.cursor)
    backlog, stored = read(backlog, newest, pages=1000)
    assert held | stored == set(range(1, newest + 1))
    assert not held & stored
    assert backlog == Backlog(newest)


def test_a_span_in_the_middle_leaves_open_what_lies_below_and_above_it() -> None:
    """An export may hold any part of a chat: only its own posts are taken out of what is open."""
    assert Backlog().filled(500, 600) == Backlog(600, (OpenRange(0, 500),))
    assert Backlog(600, (OpenRange(0, 500),)).filled(1, 499) == Backlog(600)
    assert Backlog(600, (OpenRange(0, 500),)).filled(200, 300) == Backlog(600, (OpenRange(300, 500), OpenRange(0, 200)))
    assert Backlog(600).filled(700, 710) == Backlog(710, (OpenRange(600, 700),))
    assert Backlog(600).filled(601, 610) == Backlog(610)
    assert Backlog(600, (OpenRange(0, 500),)).cursor == 0


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 15)), max_size=10))
def test_whatever_spans_are_stored_what_is_open_is_what_is_missing(spans: list[tuple[int, int]]) -> None:
    """Every post up to the newest is either stored or in an open range, never both, and the ranges go down."""
    backlog, held = Backlog(), set[int]()
    for lowest, length in spans:
        held |= set(range(lowest, lowest + length + 1))
        backlog = backlog.filled(lowest, lowest + length)
    still_open = [number for each in backlog.ranges for number in range(each.after_id + 1, each.before_id)]
    assert sorted(still_open) == sorted(set(range(1, backlog.newest_id + 1)) - held)
    assert backlog.newest_id == max(held, default=0)
    assert [each.after_id for each in backlog.ranges] == sorted(
        (each.after_id for each in backlog.ranges), reverse=True
    )
    assert set(range(1, backlog.cursor + 1)) <= held
