"""The curator's proposals: topics that are one, topics that are two, names that miss their messages."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tg_parser.agents.curating import Proposal, TopicOutlook, propose

NORTH, EAST, UP = np.eye(3)


def around(direction: NDArray[Any], count: int, spread: float = 0.1) -> NDArray[Any]:
    """Unit vectors near a direction."""
    noise = np.random.default_rng(7).normal(size=(count, 3)) * spread
    rows = direction + noise
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def view(
    name: str,
    title: str,
    vectors: NDArray[Any],
    refs: str | None = None,
    texts: list[str] | None = None,
    phrases: list[Any] | None = None,
) -> TopicOutlook:
    count = len(vectors)
    return TopicOutlook(
        id=name,
        title=title,
        language="en",
        refs=frozenset(refs or (f"{name}{n}" for n in range(count))),
        texts=tuple(texts or [f"{title} again"] * count),
        phrases=tuple(phrases or [(title.lower(),)] * count),
        vectors=np.asarray(vectors),
    )


def test_topics_of_the_same_messages_are_one() -> None:
    """Half of the smaller one's messages in common are enough; a third is not."""
    small = view("a", "Bridges", around(NORTH, 4), refs="1234")
    assert propose([small, view("b", "Rivers", around(EAST, 6), refs="345678")], 9) == [
        Proposal("merge", ("a", "b"), ("Bridges", "Rivers"), (), "They share 2 of 4 messages.", 0.5)
    ]
    assert propose([small, view("b", "Rivers", around(EAST, 6), refs="456789")], 9) == []


def test_topics_as_alike_as_one_are_one_where_their_names_agree() -> None:
    """Messages of both are as alike as those of each, and the titles share a word in some form."""
    bridge, bridges = view("a", "New bridge", around(NORTH, 5)), view("b", "Bridges", around(NORTH, 5))
    (proposal,) = propose([bridge, bridges], 9)
    assert (proposal.kind, proposal.topic_ids) == ("merge", ("a", "b"))
    assert proposal.reason.startswith("Their messages are as alike (")
    assert propose([bridge, view("b", "Rivers", around(NORTH, 5))], 9) == []
    assert propose([bridge, view("b", "Bridges", around(EAST, 5))], 9) == []


def test_topic_of_two_subjects_is_two() -> None:
    """Each part with the phrase that most of its messages hold; a few strays are no subject."""
    phrases = [("bridges",)] * 5 + [("rivers", "water")] * 4
    mixed = view("a", "City", np.vstack([around(NORTH, 5), around(EAST, 4)]), phrases=phrases)
    (proposal,) = propose([mixed], 9)
    assert (proposal.kind, proposal.titles, sorted(proposal.proposed)) == ("split", ("City",), ["bridges", "rivers"])
    assert propose([view("a", "City", np.vstack([around(NORTH, 8), around(EAST, 2)]))], 9) == []
    assert propose([view("a", "City", around(NORTH, 12))], 9) == []


def test_title_that_misses_its_messages_is_renamed() -> None:
    """To the phrase that most of them hold, and only where there is one."""
    texts = ["the river is high"] * 4 + ["city"]
    phrases = [("high river",)] * 4 + [("city",)]
    wrong = view("a", "City", around(NORTH, 5), texts=texts, phrases=phrases)
    assert propose([wrong], 9) == [
        Proposal(
            "rename", ("a",), ("City",), ("high river",),
            "The title's words stand in 1 of 5 messages, 'high river' in 4.", 0.6,
        )
    ]  # fmt: skip
    assert propose([view("a", "Rivers", around(NORTH, 5), texts=texts, phrases=phrases)], 9) == []


def test_title_is_not_renamed_to_itself_in_small_letters() -> None:
    """Who reads a proposal should have a choice; another case is none."""
    texts, phrases = ["the river is high"] * 5, [("city",)] * 5
    assert propose([view("a", "City", around(NORTH, 5), texts=texts, phrases=phrases)], 9) == []


def test_order_of_topics_does_not_matter() -> None:
    """The strongest first, the same for every order, and no more than wanted."""
    topics = [view(name, "Bridges", around(NORTH, 4), refs=f"{name}123") for name in "abcd"]
    expected = propose(topics, 99)
    assert len(expected) == 6
    for seed in range(5):
        random.Random(seed).shuffle(topics)
        assert propose(topics, 99) == expected
    assert propose(topics, 2) == expected[:2]
