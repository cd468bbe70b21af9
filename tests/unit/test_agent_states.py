"""Handoffs change state by the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tg_parser.domain.agents import STATUSES, Handoff, HandoffStatus, new_id
from tg_parser.domain.errors import HandoffError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEGAL = {
    ("pending", "accepted"), ("pending", "rejected"), ("pending", "failed"),
    ("accepted", "in_progress"), ("accepted", "rejected"), ("accepted", "failed"),
    ("in_progress", "completed"), ("in_progress", "failed"),
}  # fmt: skip


def handoff(status: HandoffStatus = "pending") -> Handoff:
    return Handoff("h1", "orchestrator", "processor", "process", NOW, status=status)


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_only_legal_changes_are_made(before: HandoffStatus, after: HandoffStatus) -> None:
    """Of the 36 pairs of states exactly the eight legal ones change a handoff; the others are refused and say why."""
    if (before, after) in LEGAL:
        assert handoff(before).moved(after, NOW).status == after
        return
    with pytest.raises(HandoffError) as refused:
        handoff(before).moved(after, NOW)
    assert refused.value.message == f"Handoff h1 is {before} and cannot become {after}."


def test_way_to_the_end_keeps_times_and_result() -> None:
    """When it was accepted, when it ended, how long that took, and what came of it."""
    done = handoff().moved("accepted", NOW + timedelta(seconds=1)).moved("in_progress", NOW + timedelta(seconds=2))
    done = done.moved("completed", NOW + timedelta(seconds=3.5), result={"processed": 4})
    assert (done.accepted_at, done.completed_at) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=3.5))
    assert (done.processing_time_ms, done.result, done.error, done.is_open) == (2500, {"processed": 4}, None, False)


def test_rejected_handoff_took_no_time() -> None:
    """Who never accepted it did not work on it."""
    refused = handoff().moved("rejected", NOW, error="nothing to do")
    assert (refused.processing_time_ms, refused.error) == (None, "nothing to do")


def test_ids_sort_by_time() -> None:
    """A later id is a greater one, and two of one moment differ."""
    first, again, later = new_id(NOW), new_id(NOW), new_id(NOW + timedelta(microseconds=1))
    assert first != again
    assert max(first, again) < later
    assert first.startswith("20260301T120000000000-")
