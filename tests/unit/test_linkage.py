from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from topic_samples import directions

from tg_parser.topics.grouping.linkage import Span, joined
from tg_parser.topics.grouping.similarity import Items, above_chance, message_items

SNOW, DOLLAR, ZOO = ["снег", "метел"], ["курс", "доллар"], ["зоопарк", "панд"]


def three_topics() -> Items:
    """Posts 0, 3, 6 on snow, 1, 4, 7 on the dollar, 2, 5, 8 on the zoo, post 9 on nothing of these."""
    return message_items(directions(*[0, 1, 2] * 3, 3), [*[SNOW, DOLLAR, ZOO] * 3, ["шахмат"]])


def noisy_topics(count: int, seed: int = 3) -> Items:
    random = np.random.default_rng(seed)
    topics = random.integers(count // 10, size=count)
    vectors = random.normal(size=(count // 10, 64))[topics] + random.normal(size=(count, 64)) * 0.7
    stems = [[f"тема{topic}", f"слово{random.integers(50)}"] for topic in topics]
    return message_items(vectors.astype(np.float32), stems)


def on_days(*days: float, most: float = 100.0, decay: float = 0.0) -> Span:
    return Span(np.array(days, dtype=float), np.array(days, dtype=float), most, decay)


def clusters(items: Items, cut: float, span: Span | None = None) -> list[list[int]]:
    """All items as new ones."""
    return joined(items, len(items), np.zeros(len(items), dtype=bool), span or on_days(*[0.0] * len(items)), cut)


def plain_average_linkage(items: Items, cut: float) -> list[list[int]]:
    """The definition, computed without any shortcut."""
    groups = [[place] for place in range(len(items))]
    while len(groups) > 1:
        sums = items.summed(groups)
        pairs = np.outer(sums.weights, sums.weights)
        chance = (np.outer(sums.weights, sums.chance) + np.outer(sums.chance, sums.weights)) / 2
        similarity = above_chance(sums.products(sums), pairs, chance)
        one, other = max(combinations(range(len(groups)), 2), key=lambda pair: (similarity[pair], -pair[0], -pair[1]))
        if similarity[one, other] < cut:
            break
        groups = [*(g for place, g in enumerate(groups) if place not in (one, other)), groups[one] + groups[other]]
        groups.sort(key=min)
    return sorted(sorted(group) for group in groups)


def test_messages_of_one_subject_form_one_cluster() -> None:
    """Three subjects and a message alone."""
    assert clusters(three_topics(), 0.25) == [[0, 3, 6], [1, 4, 7], [2, 5, 8], [9]]


@pytest.mark.parametrize("cut", [0.1, 0.2, 0.4])
def test_the_shortcuts_change_nothing(cut: float) -> None:
    """What is joined is what the definition of average linkage joins."""
    items = noisy_topics(80)
    assert clusters(items, cut) == plain_average_linkage(items, cut)


def test_average_linkage_joins_the_nearest_first_and_stops_at_the_cut() -> None:
    """On a line of three, the nearer two are joined; the third joins when the mean similarity reaches the cut."""
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    items = Items(
        vectors, message_items(vectors, [["а"], ["а"], ["а"]]).words, np.ones(3), np.zeros(3), np.zeros((3, 0))
    )
    # half of the vectors' and half of the equal words' similarity: 0.9, 0.8 and 0.5; the mean of the last two is 0.65
    assert clusters(items, 0.91) == [[0], [1], [2]]
    assert clusters(items, 0.66) == [[0, 1], [2]]
    assert clusters(items, 0.64) == [[0, 1, 2]]


def test_shuffled_messages_form_the_same_clusters() -> None:
    """The order of the input changes the places, not the clusters."""
    items = noisy_topics(200)
    order = np.random.default_rng(5).permutation(200)
    shuffled = clusters(items.take(order), 0.2)
    assert sorted(sorted(int(order[place]) for place in own) for own in shuffled) == clusters(items, 0.2)


def test_existing_groups_never_merge_and_may_be_joined() -> None:
    """A new message on snow joins one of two groups on snow; the groups stay apart though they are alike."""
    items = three_topics()
    units = items.summed([[0], [3], [6], [1]])
    found = joined(units, 1, np.array([False, True, True, False]), on_days(0, 0, 0, 0), 0.25)
    assert found == [[0, 1]]


def test_earlier_messages_join_only_through_a_new_one() -> None:
    """Two earlier messages on snow are left alone until a new one brings them together."""
    items = three_topics()
    no_group = np.zeros(4, dtype=bool)
    assert joined(items.take(np.array([1, 0, 3, 6])), 1, no_group, on_days(0, 0, 0, 0), 0.25) == [[0]]
    assert joined(items.take(np.array([0, 1, 3, 6])), 1, no_group, on_days(0, 0, 0, 0), 0.25) == [[0, 2, 3]]


def test_messages_too_far_apart_are_not_joined() -> None:
    """Eight days between them are more than seven; a message between both joins them in one group."""
    items = three_topics().take(np.array([0, 3, 6]))
    two = items.take(np.array([0, 1]))
    assert clusters(two, 0.25, on_days(0, 8, most=7)) == [[0], [1]]
    assert clusters(two, 0.25, on_days(0, 7, most=7)) == [[0, 1]]
    assert clusters(items, 0.25, on_days(0, 8, 4, most=7)) == [[0, 1, 2]]


def test_every_day_between_messages_counts_against_them() -> None:
    """With 0.1 a day, a similarity of 1 above chance falls below 0.75 on the third day."""
    items = three_topics().take(np.array([0, 3]))
    assert clusters(items, 0.75, on_days(0, 2, decay=0.1)) == [[0, 1]]
    assert clusters(items, 0.75, on_days(0, 3, decay=0.1)) == [[0], [1]]


def test_similarities_are_exact_however_they_are_added_up() -> None:
    """A product of two blocks has the same bytes as one row at a time: no rounding depends on the shape."""
    items = noisy_topics(200)
    whole = items.products(items)
    rows = np.vstack([items.take(np.array([row])).products(items) for row in range(200)])
    assert whole.tobytes() == rows.tobytes()


def test_chance_is_what_a_message_shares_with_the_average_other() -> None:
    """Among unrelated messages chance is low, among near-copies high."""
    unrelated = message_items(directions(0, 1, 2, 3), [["а"], ["б"], ["в"], ["г"]])
    copies = message_items(directions(0, 0, 0, 0), [["а"]] * 4)
    # twenty imagined pairs of similarity 0.06 and three real ones: (20 * 0.06 + 0) / 23 and (20 * 0.06 + 3) / 23
    assert unrelated.chance == pytest.approx([0.05217] * 4, abs=1e-4)
    assert copies.chance == pytest.approx([0.18261] * 4, abs=1e-4)
