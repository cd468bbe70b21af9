from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from topic_samples import START

from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard
from tg_parser.topics.matching import assign_ids, match_known, overlap
from tg_parser.topics.model import KnownTopic


def ref(number: int) -> str:
    return f"tg:-1001:post:{number}"


def refs(*numbers: int) -> list[str]:
    return [ref(number) for number in numbers]


def known(first: int, *others: int, status: str = "active") -> KnownTopic:
    """A topic known by its first message, with two anchors at most."""
    numbers = (first, *others)
    anchors = tuple(
        Anchor(channel_id="-1001", message_id=str(n), message_type="post", anchor_ref=ref(n), score=0.8)
        for n in numbers[:2]
    )
    card = TopicCard(
        id=f"topic:{ref(first)}", title="Снег", summary="Снег.", scope_in=("снег",), scope_out=("дождь",),
        type="cluster", anchors=anchors, sources=("-1001",), updated_at=START, status=status,
    )  # fmt: skip
    items = tuple(
        BundleItem(
            channel_id="-1001", message_id=str(n), message_type="post", source_ref=ref(n), role="anchor", score=0.8
        )
        for n in numbers
    )
    return KnownTopic(card, TopicBundle(topic_id=card.id, items=items, updated_at=START))


def test_a_group_with_most_messages_of_a_topic_continues_it() -> None:
    """Three of four old messages and a new one: the topic lives on under its id."""
    topic = known(1, 2, 3, 4)
    groups = [refs(8, 9), refs(5, 2, 3, 1)]
    matched = match_known(groups, [topic])
    assert matched == {1: topic}
    assert assign_ids(groups, matched, {topic.card.id}) == ["topic:tg:-1001:post:8", "topic:tg:-1001:post:1"]


def test_overlap_is_the_mean_of_shared_messages_and_kept_anchors() -> None:
    """Two of four and four messages shared is Dice 0.5; one of two anchors kept is 0.5 too."""
    assert overlap(refs(2, 3, 8, 9), known(1, 2, 3, 4)) == 0.5
    assert overlap(refs(1, 2, 3, 4), known(1, 2, 3, 4)) == 1.0


def test_a_group_that_shares_a_stray_message_is_a_new_topic() -> None:
    """One of ten messages is not enough, and it is not an anchor."""
    groups = [refs(10, 21, 22, 23, 24)]
    assert match_known(groups, [known(*range(1, 11))]) == {}


def test_a_split_topic_stays_with_its_greater_part() -> None:
    """Of two groups that share messages with one topic, only the one that shares more keeps the id."""
    topic = known(1, 2, 3, 4, 5)
    groups = [refs(4, 5), refs(1, 2, 3)]
    matched = match_known(groups, [topic])
    assert matched == {1: topic}
    assert assign_ids(groups, matched, {topic.card.id}) == ["topic:tg:-1001:post:4", "topic:tg:-1001:post:1"]


def test_merged_topics_live_on_as_the_greater_one() -> None:
    """A group made of two topics continues one of them, one to one."""
    small, big = known(1, 2), known(3, 4, 5, 6)
    assert match_known([refs(1, 2, 3, 4, 5, 6)], [small, big]) == {0: big}


def test_a_retired_topic_that_comes_back_keeps_its_id() -> None:
    """Its messages group again: it is the same topic, not a new one."""
    topic = known(1, 2, 3, status="retired")
    assert match_known([refs(1, 2, 3)], [topic]) == {0: topic}


def test_a_living_topic_goes_before_a_retired_one() -> None:
    """Of two topics that overlap alike, the active one is continued."""
    retired, active = known(1, 2, status="retired"), known(2, 1)
    assert match_known([refs(1, 2)], [retired, active]) == {0: active}


def test_an_id_that_any_known_topic_has_is_not_given_again() -> None:
    """The next message names the new topic when the first one's id is taken."""
    topic = known(1, 20, 21, 22, 23, 24, 25, 26, 27, 28)
    groups = [refs(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert assign_ids(groups, {}, {topic.card.id}) == ["topic:tg:-1001:post:2"]


def test_two_new_groups_never_share_an_id() -> None:
    """A message that stands first in two groups names the first of them only."""
    assert assign_ids([refs(1, 2), refs(1, 3)], {}, set()) == ["topic:tg:-1001:post:1", "topic:tg:-1001:post:3"]


def test_matching_does_not_depend_on_the_order_of_the_known_topics() -> None:
    """The same pairs whatever order the storage gives."""
    topics = [known(1, 2, 3), known(2, 3, 4), known(3, 4, 5)]
    groups = [refs(1, 2, 3, 4, 5), refs(3, 4)]
    assert match_known(groups, topics) == match_known(groups, topics[::-1])


def test_a_topic_without_its_bundle_is_known_by_its_anchors() -> None:
    """Cards alone are enough to recognise a topic."""
    topic = KnownTopic(known(1, 2, 3).card)
    assert match_known([refs(1, 2, 9)], [topic]) == {0: topic}


def test_a_group_whose_messages_all_named_other_topics_gets_a_numbered_id() -> None:
    """Both messages gave their ids away, and so did the first one's second: the next number is free."""
    taken = {"topic:tg:-1001:post:1", "topic:tg:-1001:post:1~2", "topic:tg:-1001:post:2"}
    assert assign_ids([refs(1, 2)], {}, taken) == ["topic:tg:-1001:post:1~3"]


def test_a_retired_topic_does_not_come_back_for_a_crowd_that_holds_it() -> None:
    """Both anchors are there, but eight of ten messages are others: it is another topic."""
    assert match_known([refs(*range(1, 11))], [known(1, 2, status="retired")]) == {}
    assert match_known([refs(*range(1, 11))], [known(1, 2)]) == {0: known(1, 2)}


@st.composite
def histories(draw: Callable[..., Any]) -> list[list[list[int]]]:
    """Runs over a few messages, each of which groups them anew; a message may stand in two groups."""
    groups = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True), max_size=5)
    return draw(st.lists(groups, min_size=1, max_size=8))


@given(histories())
def test_over_any_history_every_group_has_an_id_of_its_own_and_none_returns_for_other_content(
    history: list[list[list[int]]],
) -> None:
    """No run fails, no two topics share an id, and a retired id that returns stands for mostly the same messages."""
    stored: dict[str, tuple[list[int], str]] = {}
    for numbers in history:
        topics = [
            KnownTopic(topic.card.model_copy(update={"id": id_}), topic.bundle)
            for id_, (members, status) in stored.items()
            for topic in [known(*members, status=status)]
        ]
        groups = [refs(*members) for members in numbers]
        ids = assign_ids(groups, match_known(groups, topics), stored.keys())
        assert len(ids) == len(groups) == len(set(ids))
        for id_, members in zip(ids, numbers, strict=True):
            before, status = stored.get(id_, (members, "active"))
            shared = 2 * len(set(before) & set(members)) / (len(before) + len(members))
            assert status == "active" or shared >= 0.5, (id_, before, members)
        stored = {id_: (members, "retired") for id_, (members, _) in stored.items()}
        stored |= {id_: (members, "active") for id_, members in zip(ids, numbers, strict=True)}
