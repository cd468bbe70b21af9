"""How far behind a replica is, and whether it may serve reads."""

from __future__ import annotations

import pytest

from tg_parser.storage.engine.replicas import ReplayProgress, Sample, followed, lag_of, why_left_out

LOOKS = [Sample(at=10.0, position=100, writes=0), Sample(13.0, 200, 4), Sample(16.0, 300, 9)]
WELL = ReplayProgress(in_recovery=True, same_cluster=True, replayed=300, age=500.0)


@pytest.mark.parametrize(
    ("replayed", "age", "lag"),
    [
        (300, 500.0, 0.0),  # it has everything, however long ago that was
        (250, 500.0, 3.0),  # nothing was written for long, then something: behind since the last look at most
        (250, 0.2, 0.2),  # under load the age of its last transaction is closer to the truth
        (100, 500.0, 6.0),
        (50, 40.0, 40.0),
        (50, None, None),
        (None, None, None),
    ],
)
def test_lag_is_the_smaller_of_two_bounds(replayed: int | None, age: float | None, lag: float | None) -> None:
    """Since when the primary is beyond it, or how old its last transaction is; nothing known is no number."""
    assert lag_of(LOOKS, WELL._replace(replayed=replayed, age=age)) == lag


def test_followed_writes_are_those_of_the_look_it_has_passed() -> None:
    """A replica that has passed an earlier position has the writes of then, not those of now."""
    assert followed(LOOKS, WELL._replace(replayed=250)).writes == 4
    assert followed(LOOKS, WELL).writes == 9
    assert followed(LOOKS, WELL._replace(replayed=99)) is None


@pytest.mark.parametrize(
    ("changed", "lag", "reason"),
    [
        ({}, 0.0, None),
        ({}, 10.0, None),
        ({}, 10.1, "is 10 s behind"),
        ({}, None, "does not report how far behind it is"),
        ({"in_recovery": False}, 0.0, "is not a replica: it takes writes itself"),
        ({"same_cluster": False}, 0.0, "belongs to another server than the primary"),
    ],
)
def test_replicas_that_would_mislead_are_left_out(
    changed: dict[str, bool], lag: float | None, reason: str | None
) -> None:
    """Too far behind, of another cluster, or promoted: nobody reads from it."""
    assert why_left_out(WELL._replace(**changed), lag, max_lag=10.0) == reason
