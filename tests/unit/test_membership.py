from __future__ import annotations

import numpy as np
import pytest
from topic_samples import directions

from tg_parser.topics.grouping.membership import CUTS, above_cut, fit_score, members_of, misfits
from tg_parser.topics.grouping.similarity import Items, message_items
from tg_parser.topics.grouping.word_weights import word_weights

SNOW, DOLLAR, ZOO = ["снег", "метел"], ["курс", "доллар"], ["зоопарк", "панд"]


def snow_and_a_stranger() -> Items:
    """Three posts on snow, one on the dollar that got among them, and others."""
    return message_items(directions(0, 0, 0, 1, 2, 3, 4), [SNOW, SNOW, SNOW, DOLLAR, ZOO, ["шахмат"], ["мост"]])


def test_rare_words_weigh_more_and_rows_have_length_one() -> None:
    """A stem that every message holds weighs less than one that few hold."""
    weights = word_weights([["общ", "редк"], ["общ", "иной"], ["общ"]]).toarray()
    common, other, rare = 1, 0, 2
    assert weights[0, rare] > weights[0, common] > 0 == weights[0, other]
    assert np.sqrt((weights**2).sum(axis=1)) == pytest.approx([1, 1, 1], abs=1e-4)


def test_the_score_is_half_at_the_half() -> None:
    """0 at chance or below, 0.5 at the half, 0.6 at one and a half, 0.75 at three times that."""
    assert fit_score(np.array([-0.1, 0, 0.08, 0.12, 0.24]), 0.08) == pytest.approx([0, 0, 0.5, 0.6, 0.75])


def test_a_message_at_the_cut_may_be_an_anchor() -> None:
    """The score of 0.6, which an anchor needs, is that of a similarity just at the cut of the level."""
    for level, cut in CUTS.items():
        half = cut * 0.4 / 0.6
        assert fit_score(np.array([cut]), half) == pytest.approx([0.6]), level


def test_members_are_compared_with_the_others_alone() -> None:
    """Equal posts score as high as can be, the stranger nothing; a message is no evidence for itself."""
    members = members_of(snow_and_a_stranger(), [0, 1, 2, 3], "event")
    assert [member.row for member in members] == [0, 1, 2, 3]
    assert members[0].score == members[1].score > 0.75
    assert members[3].score == 0
    assert members_of(snow_and_a_stranger(), [3], "event")[0].similarity == 1


def test_what_is_below_the_cut_is_taken_out() -> None:
    """The stranger goes; of two messages that are left none is taken."""
    assert above_cut(snow_and_a_stranger(), [0, 1, 2, 3], "event") == [0, 1, 2]
    assert above_cut(snow_and_a_stranger(), [0, 3], "event") == [0, 3]


def test_only_a_changed_text_can_lose_its_place() -> None:
    """The stranger leaves if its text is new; what was taken up before stays."""
    assert misfits(snow_and_a_stranger(), [0, 1, 2, 3], [3], "event") == [3]
    assert misfits(snow_and_a_stranger(), [0, 1, 2, 3], [2], "event") == []
    assert misfits(snow_and_a_stranger(), [0, 1, 2, 3], [], "event") == []
