"""Parts of a step are told as one."""

from tg_parser.domain.progress import Parts, Progress, part_of


def test_parts_add_up():
    """What is done and what is to be done grow from part to part; also where a part begins with as much as the last."""
    told = []
    parts = Parts(told.append)
    for _ in range(2):
        tell = parts.next()
        tell(Progress("embed", 10, 10))
    parts.next()(Progress("embed", 1, 5))
    assert told == [Progress("embed", 10, 10), Progress("embed", 20, 20), Progress("embed", 21, 25)]


def test_steps_are_apart_and_unknown_totals_stay_unknown():
    """Another step counts for itself; one part without a total leaves the whole without one."""
    told = []
    parts = Parts(told.append)
    tell = parts.next()
    tell(Progress("ingest", 3))
    tell(Progress("process", 1, 2))
    parts.next()(Progress("ingest", 4, 9))
    assert told == [Progress("ingest", 3), Progress("process", 1, 2), Progress("ingest", 7, None)]


def test_part_of_a_known_whole():
    """Where the whole is counted beforehand, each part tells its place in it."""
    told = []
    part_of(told.append, 30, 100)(Progress("process", 5, 20))
    assert told == [Progress("process", 35, 100)]
