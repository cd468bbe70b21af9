"""ProgressParts of a step are told as one."""

from __future__ import annotations

from tg_parser.domain.progress import Progress, ProgressParts


def test_parts_add_up_and_claim_a_total_only_when_it_is_sure() -> None:
    """What is done grows from part to part; nobody knows the whole before the last part has told its own."""
    told: list[Progress] = []
    parts = ProgressParts(told.append, 3)
    for _ in range(2):
        tell = parts.next()
        tell(Progress("embed", 10, 10))
    parts.next()(Progress("embed", 1, 5))
    assert told == [Progress("embed", 10), Progress("embed", 20), Progress("embed", 21, 25)]


def test_a_total_that_was_counted_beforehand_is_told_from_the_first_part_on() -> None:
    """What a part truly held takes the place of what was expected of it, and a part may have nothing to tell."""
    told: list[Progress] = []
    parts = ProgressParts(told.append, 4, {"process": [20, 30, 0, 50]})
    parts.next()(Progress("process", 20, 20))
    parts.next()(Progress("process", 5, 5))
    parts.next()
    tell = parts.next()
    tell(Progress("process", 40, 50))
    tell(Progress("process", 50, 50))
    assert told == [
        Progress("process", 20, 100),
        Progress("process", 25, 75),
        Progress("process", 65, 75),
        Progress("process", 75, 75),
    ]


def test_steps_are_apart_and_unknown_totals_stay_unknown() -> None:
    """Another step counts for itself; one part without a total leaves the whole without one."""
    told: list[Progress] = []
    parts = ProgressParts(told.append, 2)
    tell = parts.next()
    tell(Progress("ingest", 3))
    tell(Progress("process", 1, 2))
    parts.next()(Progress("ingest", 4, 9))
    assert told == [Progress("ingest", 3), Progress("process", 1), Progress("ingest", 7)]


def test_parts_without_a_number_never_claim_a_total() -> None:
    """The chats of a file are not counted before they are read."""
    told: list[Progress] = []
    ProgressParts(told.append).next()(Progress("ingest", 3, 3))
    assert told == [Progress("ingest", 3)]
