from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from topic_samples import START, directions

from tg_parser.domain.topics import Anchor, TopicCard
from tg_parser.topics.grouping.growth import Growing, Growth
from tg_parser.topics.grouping.similarity import Items, message_items
from tg_parser.topics.model import ByHand, KnownTopic, Level


def items_of(*axes: int) -> Items:
    """Posts by what they tell: equal numbers tell the same. Twenty others keep chance low."""
    words = [[f"слово{axis}", f"ещё{axis}"] for axis in (*axes, *range(40, 60))]
    return message_items(directions(*axes, *range(40, 60), width=60), words)


def growth(axes: Sequence[int], days: Sequence[float], topics: Sequence[Growing] = ()) -> Growth:
    dates = [START + timedelta(days=day) for day in days]
    return Growth([*dates, *[START] * 20], items_of(*axes), topics)


def known(name: str, rows: list[int], level: Level = "event", parent: Growing | None = None) -> Growing:
    anchor = Anchor(channel_id="-1001", message_id=name, message_type="post", anchor_ref=f"tg:-1001:post:{name}")
    card = TopicCard(
        id=f"topic:tg:-1001:post:{name}", title=name, summary=name, scope_in=("в",), scope_out=("вне",), type="cluster",
        level=level, anchors=(anchor,), sources=("-1001",), updated_at=START,
    )  # fmt: skip
    return Growing(level, rows, KnownTopic(card), parent)


def rows_of(grown: Growth, level: Level) -> list[list[int]]:
    return sorted(one.rows for one in grown.live(level))


def test_reports_of_one_day_are_an_event_and_a_follow_up_makes_a_story() -> None:
    """Two posts of a morning are one event; a post eight days later is not, but belongs to the story of both."""
    grown = growth([1, 1, 1, 2], [0, 0.1, 8, 0])
    grown.add(range(4))
    assert rows_of(grown, "event") == [[0, 1]]
    assert rows_of(grown, "story") == [[0, 1, 2]]
    assert grown.live("event")[0].parent is grown.live("story")[0]


def test_the_farther_apart_the_more_alike_reports_must_be() -> None:
    """The same meaning in other words is one event within a day, and none after four."""
    words = [["снег", "метель"], ["осадки", "вьюга"], *([f"слово{number}"] for number in range(20))]
    items = message_items(directions(1, 1, *range(40, 60), width=60), words)
    for days, events in ((0.5, [[0, 1]]), (4, [])):
        dates = [START, START + timedelta(days=days), *[START] * 20]
        grown = Growth(dates, items)
        grown.add([0, 1])
        assert rows_of(grown, "event") == events


def test_a_message_alone_stays_alone() -> None:
    """Nothing like it: it is in no topic."""
    grown = growth([1, 2, 3], [0, 0, 0])
    grown.add(range(3))
    assert grown.topics == []


def test_a_new_message_joins_and_nothing_else_changes() -> None:
    """The event has one message more, the other event none; neither moves a message."""
    snow, dollar = known("1", [0, 1]), known("3", [2, 3])
    grown = growth([1, 1, 2, 2, 1], [0, 0, 0, 0, 0.2], [snow, dollar])
    grown.add([4])
    assert (snow.rows, dollar.rows) == ([0, 1, 4], [2, 3])
    assert [(step.kind, step.rows) for step in snow.steps] == [("grew", (4,))]
    assert dollar.steps == []


def test_a_message_of_an_earlier_run_is_found_by_a_new_one() -> None:
    """Alone until now, it founds an event with the new message."""
    grown = growth([1, 1], [0, 0.2])
    grown.add([1], settled=[0])
    assert rows_of(grown, "event") == [[0, 1]]
    assert grown.topics[0].steps[0].kind == "born"


def test_a_story_grows_with_its_event() -> None:
    """What joins an event is in the event's story too."""
    story = known("9", [0, 1, 2], "story")
    event = known("1", [0, 1], parent=story)
    grown = growth([1, 1, 1, 1], [0, 0, 5, 0.3], [story, event])
    grown.add([3])
    assert (event.rows, story.rows) == ([0, 1, 3], [0, 1, 3, 2])


def test_two_events_that_turn_out_to_be_one_merge() -> None:
    """The younger becomes part of the older; both record it."""
    older, younger = known("1", [0, 1]), known("3", [2, 3])
    grown = growth([1, 1, 1, 1, 1], [0, 0, 0.1, 0.1, 0.2], [younger, older])
    grown.add([4])
    assert older.rows == [0, 1, 2, 3, 4]
    assert (younger.is_over, younger.merged_into, younger.steps[-1].kind) == (True, older, "merged")


def test_an_event_that_tells_two_things_is_split_when_it_grows() -> None:
    """The part without its oldest message becomes a topic of its own; the messages are in one of both."""
    mixed = known("1", [0, 1, 2, 3])
    grown = growth([1, 1, 2, 2, 1], [0, 0, 0, 0, 0.2], [mixed])
    grown.add([4])
    assert rows_of(grown, "event") == [[0, 1, 4], [2, 3]]
    part = next(one for one in grown.topics if one is not mixed)
    assert (part.steps[0].kind, part.steps[0].other, mixed.steps[-1].kind) == ("split", mixed, "lost")


def held(one: Growing, *, pinned: bool = False) -> Growing:
    """The same topic after a person has edited it."""
    assert one.known is not None
    one.known = replace(one.known, by_hand=ByHand(is_held=True, pinned=pinned))
    return one


def test_an_event_edited_by_a_person_keeps_its_id_in_a_merger() -> None:
    """The older one becomes part of it; two such events stay two, and so does a pinned one."""
    older, younger = known("1", [0, 1]), held(known("3", [2, 3]))
    grown = growth([1, 1, 1, 1, 1], [0, 0, 0.1, 0.1, 0.2], [younger, older])
    grown.add([4])
    assert (older.merged_into, younger.rows) == (younger, [0, 1, 2, 3, 4])
    for first, second in (
        (held(known("1", [0, 1])), held(known("3", [2, 3]))),
        (held(known("1", [0, 1]), pinned=True), known("3", [2, 3])),
    ):
        grown = growth([1, 1, 1, 1, 1], [0, 0, 0.1, 0.1, 0.2], [second, first])
        grown.add([4])
        assert not first.is_over
        assert not second.is_over


def test_events_that_a_person_keeps_apart_do_not_merge() -> None:
    """One may not have a message of the other."""
    older, younger = known("1", [0, 1]), known("3", [2, 3])
    older.barred = frozenset({2})
    grown = growth([1, 1, 1, 1, 1], [0, 0, 0.1, 0.1, 0.2], [younger, older])
    grown.add([4])
    assert not older.is_over
    assert not younger.is_over


def test_an_event_edited_by_a_person_is_not_split() -> None:
    """It tells two things because the person has merged them."""
    mixed = held(known("1", [0, 1, 2, 3]))
    grown = growth([1, 1, 2, 2, 1], [0, 0, 0, 0, 0.2], [mixed])
    grown.add([4])
    assert rows_of(grown, "event") == [[0, 1, 2, 3, 4]]


def test_a_story_edited_by_a_person_does_not_end_as_its_only_event() -> None:
    """All its messages tell the same, and it is there all the same."""
    story = held(known("9", [0, 1], "story"))
    event = known("1", [0, 1], parent=story)
    grown = growth([1, 1, 1], [0, 0, 0.2], [story, event])
    grown.add([2])
    assert not story.is_over
    assert event.parent is story


def test_the_same_messages_day_by_day_or_at_once() -> None:
    """Clear events are the same, whether a run takes them all or every run takes a day."""
    axes, days = [1, 2, 1, 3, 2, 1, 3, 3], [0, 0, 0.1, 1, 0.3, 0.2, 1.1, 1.2]
    whole = growth(axes, days)
    whole.add(range(8))
    daily = growth(axes, days)
    for day in (0, 1):
        daily.add(
            [row for row in range(8) if int(days[row]) == day], settled=[row for row in range(8) if days[row] < day]
        )
    assert rows_of(daily, "event") == rows_of(whole, "event") == [[0, 2, 5], [1, 4], [3, 6, 7]]


def test_the_order_of_the_rows_does_not_matter() -> None:
    """Messages are taken in order of time."""
    axes, days = [1, 2, 1, 2, 1], [0, 0, 3, 0.1, 3.1]
    straight, turned = growth(axes, days), growth(axes, days)
    straight.add(range(5))
    turned.add([4, 2, 0, 3, 1])
    assert rows_of(straight, "event") == rows_of(turned, "event")
    assert np.array_equal(rows_of(straight, "story"), rows_of(turned, "story"))


def test_a_merged_event_leaves_no_message_in_two_stories() -> None:
    """The event that remains is in one story; the other story loses the messages, with a record."""
    first, second = known("8", [0, 1, 5], "story"), known("9", [2, 3, 6], "story")
    older, younger = known("1", [0, 1], parent=first), known("3", [2, 3], parent=second)
    grown = growth([1, 1, 1, 1, 1, 2, 3], [0, 0, 0.1, 0.1, 0.2, 0, 0], [first, second, older, younger])
    grown.add([4])
    assert (older.rows, older.parent) == ([0, 1, 2, 3, 4], first)
    assert (sorted(first.rows), second.rows) == ([0, 1, 2, 3, 4, 5], [6])
    assert (second.steps[-1].kind, second.steps[-1].rows, second.steps[-1].other) == ("lost", (2, 3), first)


def test_an_event_that_had_no_story_takes_that_of_the_event_it_swallows() -> None:
    """No story loses its messages because two of its reports turned out to be one with others."""
    story = known("9", [2, 3, 5, 6, 7, 8, 9], "story")
    older, younger = known("1", [0, 1]), known("3", [2, 3], parent=story)
    grown = growth([1, 1, 1, 1, 1, 2, 3, 4, 5, 6], [0, 0, 0.1, 0.1, 0.2, 0, 0, 0, 0, 0], [story, older, younger])
    grown.add([4])
    assert older.parent is story
    assert sorted(story.rows) == list(range(10))


def test_a_story_that_has_become_one_event_is_over() -> None:
    """The last message outside joins the event: there are not two topics of the same messages."""
    story = known("9", [0, 1, 2, 3], "story")
    one, other = known("1", [0, 1], parent=story), known("3", [2, 3], parent=story)
    grown = growth([1, 1, 1, 1, 1], [0, 0, 0.1, 0.1, 0.2], [story, one, other])
    grown.add([4])
    assert (rows_of(grown, "event"), rows_of(grown, "story")) == ([[0, 1, 2, 3, 4]], [])
    assert (story.merged_into, story.steps[-1].kind, one.parent) == (one, "merged", None)
