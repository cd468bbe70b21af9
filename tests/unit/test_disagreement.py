"""Facts that disagree speak against sameness."""

from __future__ import annotations

import numpy as np
from topic_samples import directions

from tg_parser.nlp.facts import Facts
from tg_parser.topics.grouping.similarity import Items, message_items

MOSCOW, KAZAN = Facts(names=("москв", "тверск")), Facts(names=("казан", "кремл"))
STEMS = [["снег", "ветер"]] * 2 + [[f"слово{n}"] for n in range(20)]


def similarity(one: Facts, other: Facts) -> float:
    """That of two messages with the same words, in a corpus of twenty others."""
    return float(items(one, other).similarity(items(one, other))[0, 1])


def items(*facts: Facts) -> Items:
    axes = [0, 0, *range(1, 21)]
    return message_items(directions(*axes, width=24), STEMS, [*facts, *[Facts()] * (22 - len(facts))])


def test_other_names_lower_the_similarity() -> None:
    """The weather of two towns is less alike than that of one, and than two reports of which one names no town."""
    silent = similarity(MOSCOW, Facts())
    assert similarity(MOSCOW, KAZAN) < silent - 0.05
    assert similarity(MOSCOW, MOSCOW) >= silent


def test_another_day_lowers_the_similarity() -> None:
    """Forecasts for two days are less alike than two for one day."""
    one, other = Facts(days=("2024-11-22",)), Facts(days=("2024-11-23",))
    assert similarity(one, other) < similarity(one, one) - 0.05


def test_shared_figures_raise_the_similarity() -> None:
    """Reports of one figure are more alike than reports of two, and than reports without any."""
    one, other = Facts(figures=("110",)), Facts(figures=("95",))
    assert similarity(one, other) < similarity(Facts(), Facts()) < similarity(one, one)


def test_one_name_says_less_than_several() -> None:
    """Messages that name one place each may just leave out the other's; the more they name, the more it means."""
    few = similarity(Facts(names=("москв",)), Facts(names=("казан",)))
    assert similarity(MOSCOW, KAZAN) < few < similarity(Facts(), Facts())


def test_similarity_is_symmetric_and_adds_up() -> None:
    """The products of sums are the sums of products to the last bit, in both directions."""
    own = items(MOSCOW, KAZAN, Facts(figures=("7",), days=("2024-11-22",)), Facts(figures=("8",)))
    whole = own.products(own)
    assert np.array_equal(whole, whole.T)
    summed = own.summed([[0, 1, 2], [3, 4]])
    assert summed.products(summed)[0, 1] == whole[np.ix_([0, 1, 2], [3, 4])].sum()
