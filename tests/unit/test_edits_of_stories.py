"""Edits where events lie in stories: a story has all messages of its events, and an event lies in one story."""

from __future__ import annotations

import pytest
from topic_samples import START

from tg_parser.domain.errors import TopicEditError
from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard, TopicLevel
from tg_parser.topics.by_hand import plans
from tg_parser.topics.by_hand.bench import Bench
from tg_parser.topics.finalizing import Topic


def ref(number: int) -> str:
    return f"tg:-1001:post:{number}"


def topic(name: str, *numbers: int, level: TopicLevel = "event", parent: str | None = None) -> Topic:
    first = {"channel_id": "-1001", "message_id": str(numbers[0]), "message_type": "post"}
    card = TopicCard(
        id=name, title=name, summary=name, scope_in=("in",), scope_out=("out",), type="cluster", level=level,
        parent_id=parent, anchors=(Anchor.model_validate({**first, "anchor_ref": ref(numbers[0])}),),
        sources=("-1001",), updated_at=START,
    )  # fmt: skip
    items = tuple(
        BundleItem.model_validate({**first, "message_id": str(number), "source_ref": ref(number), "role": "supporting"})
        for number in numbers
    )
    return card, TopicBundle(topic_id=name, items=items, updated_at=START)


@pytest.fixture
def bench() -> Bench:
    """Two stories of two events each and a message of its own."""
    topics = (
        topic("A", 1, 2, parent="S"), topic("B", 3, 4, parent="S"), topic("S", 1, 2, 3, 4, 5, level="story"),
        topic("C", 6, 7, parent="T"), topic("D", 8, 9, parent="T"), topic("T", 6, 7, 8, 9, 10, level="story"),
    )  # fmt: skip
    return Bench("anna", START, {each[0].id: each for each in topics})


def numbers(bench: Bench, name: str) -> list[int]:
    return sorted(int(each.rpartition(":")[2]) for each in bench.members[name])


def is_over(bench: Bench, name: str) -> bool:
    return bench.card(name).status == "retired"


def test_messages_of_a_merged_event_change_their_story(bench: Bench) -> None:
    """The story of the event that stays has them all, the other one none of them."""
    plans.merge(bench, "A", "C")
    assert numbers(bench, "A") == [1, 2, 6, 7]
    assert (numbers(bench, "S"), numbers(bench, "T")) == ([1, 2, 3, 4, 5, 6, 7], [8, 9, 10])
    assert is_over(bench, "C")


def test_merged_stories_have_the_events_of_both(bench: Bench) -> None:
    """Each event of the story that ends lies in the one that stays."""
    plans.merge(bench, "S", "T")
    assert [bench.parent(name) for name in "ABCD"] == ["S"] * 4
    assert numbers(bench, "S") == list(range(1, 11))
    assert is_over(bench, "T")


def test_a_message_moved_to_an_event_is_in_the_story_of_that(bench: Bench) -> None:
    """It leaves its event and its story."""
    plans.move(bench, [ref(1)], "D")
    assert (numbers(bench, "A"), numbers(bench, "D")) == ([2], [1, 8, 9])
    assert (numbers(bench, "S"), numbers(bench, "T")) == ([2, 3, 4, 5], [1, 6, 7, 8, 9, 10])


def test_an_event_moves_to_another_story_as_a_whole(bench: Bench) -> None:
    """A part of it does not: it would lie in two stories."""
    with pytest.raises(TopicEditError, match="would lie in two stories"):
        plans.move(bench, [ref(1)], "T")
    plans.move(bench, [ref(1), ref(2)], "T")
    assert bench.parent("A") == "T"
    assert (numbers(bench, "S"), numbers(bench, "T")) == ([3, 4, 5], [1, 2, 6, 7, 8, 9, 10])


def test_a_story_that_is_left_with_one_event_is_that_event(bench: Bench) -> None:
    """Its last message without an event has gone; a story that a person has edited stays."""
    plans.move(bench, [ref(3), ref(4), ref(5)], "T")
    assert is_over(bench, "S")
    assert bench.parent("A") is None
    assert [change.other_id for change in bench.changes if change.topic_id == "S"][-1] == "A"


def test_a_story_that_a_person_has_edited_stays(bench: Bench) -> None:
    """Though it has become one event."""
    bench.held = {"S"}
    plans.move(bench, [ref(3), ref(4), ref(5)], "T")
    assert not is_over(bench, "S")


def test_an_emptied_event_is_over(bench: Bench) -> None:
    """All its messages belong to another now."""
    plans.move(bench, [ref(1), ref(2)], "B")
    assert is_over(bench, "A")
    assert numbers(bench, "B") == [1, 2, 3, 4]
    assert [card.status for card, _ in bench.result() if card.id == "A"] == ["retired"]
