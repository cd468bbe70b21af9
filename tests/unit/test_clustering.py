from __future__ import annotations

import numpy as np
import pytest
from topic_samples import directions

from tg_parser.topics.grouping.clustering import WIDTHS, agglomerate, cluster
from tg_parser.topics.grouping.membership import fit_score, form_groups, score_all
from tg_parser.topics.grouping.similarity import Items, above_chance, message_items, word_weights
from tg_parser.topics.model import TopicOptions

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


def test_messages_of_one_subject_form_one_cluster() -> None:
    """Labels follow the subjects, in order of first appearance."""
    assert cluster(three_topics(), 0.25).tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 3]


def test_average_linkage_joins_the_nearest_first_and_stops_at_the_cut() -> None:
    """On a line of three, the nearer two are joined; the third joins when the mean similarity reaches the cut."""
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    items = Items(vectors, message_items(vectors, [["а"], ["а"], ["а"]]).words, np.ones(3), np.zeros(3))
    # half of the vectors' and half of the equal words' similarity: 0.9, 0.8 and 0.5; the mean of the last two is 0.65
    assert agglomerate(items, 0.91).tolist() == [0, 1, 2]
    assert agglomerate(items, 0.66).tolist() == [0, 0, 1]
    assert agglomerate(items, 0.64).tolist() == [0, 0, 0]


def test_blocks_give_the_clusters_of_the_whole() -> None:
    """Clear clusters come out the same when they are spread over many blocks."""
    items = three_topics()
    whole = cluster(items, 0.25).tolist()
    assert cluster(items, 0.25, block=4).tolist() == whole


def test_no_border_between_blocks_stays() -> None:
    """Twins on both sides of a border are joined in the pass whose blocks are moved."""
    items = message_items(directions(0, 1, 2, 3, 3, 4, 5, 6), [[word] for word in "абвггдеж"])
    assert cluster(items, 0.25, block=4).tolist() == [0, 1, 2, 3, 3, 4, 5, 6]


def test_labels_of_shuffled_messages_name_the_same_groups() -> None:
    """The order of the input changes the numbers of the groups, not the groups."""
    items = noisy_topics(300)
    order = np.random.default_rng(5).permutation(300)
    straight, shuffled = cluster(items, 0.2), np.empty(300, dtype=int)
    shuffled[order] = cluster(items.take(order), 0.2)
    pairs = set(zip(straight.tolist(), shuffled.tolist(), strict=True))
    assert len(pairs) == len(set(straight.tolist())) == len(set(shuffled.tolist()))


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


def test_similarity_counts_from_chance_to_sameness() -> None:
    """0 at chance, 1 for the same, halfway between for halfway; below chance is negative."""
    assert above_chance(np.array([0.2, 1.0, 0.6, 0.0]), np.ones(4), np.full(4, 0.2)) == pytest.approx(
        [0, 1, 0.5, -0.25]
    )


def test_messages_that_are_all_the_same_stay_the_same() -> None:
    """Where chance itself is sameness, the least range keeps identical messages together."""
    assert above_chance(np.array([1.0, 0.995]), np.ones(2), np.full(2, 0.99)) == pytest.approx([1.0, 0.95])


def test_rare_words_weigh_more_and_rows_have_length_one() -> None:
    """A stem that every message holds weighs less than one that few hold."""
    weights = word_weights([["общ", "редк"], ["общ", "иной"], ["общ"]]).toarray()
    common, other, rare = 1, 0, 2
    assert weights[0, rare] > weights[0, common] > 0 == weights[0, other]
    assert np.sqrt((weights**2).sum(axis=1)) == pytest.approx([1, 1, 1], abs=1e-4)


def test_the_score_is_half_at_the_half_of_its_level() -> None:
    """0 at chance or below, 0.5 at the half, 0.6 at one and a half, 0.75 at three times that."""
    assert fit_score(np.array([-0.1, 0, 0.08, 0.12, 0.24]), 0.08) == pytest.approx([0, 0, 0.5, 0.6, 0.75])


def test_every_anchor_and_member_reaches_its_threshold() -> None:
    """Members score 0.5 at least, anchors 0.6; anchors are the best members, cut to the wanted number."""
    items = noisy_topics(400)
    groups = form_groups(items, cluster(items, WIDTHS["theme"].cut), TopicOptions(max_anchors=2))
    assert len(groups) > 10
    for group in groups:
        assert len(group.anchors) == 2
        assert all(member.score >= 0.5 for member in group.members)
        assert all(anchor.score >= 0.6 and anchor in group.members for anchor in group.anchors)
        assert [member.score for member in group.members] == sorted((m.score for m in group.members), reverse=True)


def test_an_outlier_of_clustering_finds_its_topic() -> None:
    """A message that clustering left alone is a member of the group it fits."""
    items = three_topics()
    labels = np.array([0, 1, 2, 0, 1, 2, 3, 1, 2, 4])
    options = TopicOptions(level="event")
    rows = {frozenset(member.row for member in group.members) for group in form_groups(items, labels, options)}
    assert frozenset({0, 3, 6}) in rows


def test_a_message_apart_is_in_no_group() -> None:
    """What is like nothing else stays outside."""
    groups = form_groups(three_topics(), cluster(three_topics(), 0.06), TopicOptions())
    assert {member.row for group in groups for member in group.members} == set(range(9))


def test_a_pair_is_a_theme_only_when_it_tells_one_story() -> None:
    """Two messages that are merely related are no theme; two that are nearly the same are."""
    related = message_items(directions(0, 1, 2, 2), [["снег", "лед", "дом"], ["снег", "кот", "сад"], SNOW, SNOW])
    groups = form_groups(related, np.array([0, 0, 1, 1]), TopicOptions())
    assert [{member.row for member in group.members} for group in groups] == [{2, 3}]


def test_a_message_between_two_topics_is_in_both() -> None:
    """Two topics that fit a message equally well both hold it; one of them is its home."""
    vectors = np.vstack([directions(0, 0, 0, 1, 1, 1), np.full((1, 8), 0.0)]).astype(np.float32)
    vectors[6, :2] = np.sqrt(0.5)
    items = message_items(vectors, [*[SNOW] * 3, *[DOLLAR] * 3, [*SNOW, *DOLLAR]])
    fits = score_all(items, np.array([0, 0, 0, 1, 1, 1, -1]), half=0.08, least=0.5)
    assert fits.cluster[fits.row == 6].tolist() == [0, 1]
    assert fits.is_home[fits.row == 6].sum() == 1


def test_no_messages_form_no_groups() -> None:
    """Nothing in, nothing out."""
    items = message_items(np.zeros((0, 8), dtype=np.float32), [])
    assert form_groups(items, cluster(items, 0.06), TopicOptions()) == []


def test_a_message_is_no_evidence_for_itself() -> None:
    """Three unrelated messages thrown together fit no one: each is compared with the others only."""
    items = message_items(directions(0, 1, 2), [SNOW, DOLLAR, ZOO])
    assert score_all(items, np.array([0, 0, 0]), half=0.08, least=0.1).row.tolist() == []


def test_a_message_scores_less_where_it_is_less_at_home() -> None:
    """In its second topic the score is lowered by the share of likeness, below what the likeness alone would give."""
    vectors = np.vstack([directions(0, 0, 0, 1, 1, 1), np.zeros((1, 8))]).astype(np.float32)
    vectors[6, :2] = 0.8, 0.6
    items = message_items(vectors, [*[SNOW] * 3, *[DOLLAR] * 3, ["мост"]])
    fits = score_all(items, np.array([0, 0, 0, 1, 1, 1, -1]), half=0.08, least=0.1)
    (first, second), (near, less) = fits.score[fits.row == 6], fits.similarity[fits.row == 6]
    assert near > less > 0
    assert first == pytest.approx(near / (near + 0.08), abs=1e-3)
    assert second == pytest.approx(less / (less + 0.08) * less / near, abs=1e-3)


def test_a_message_is_an_anchor_of_its_home_alone() -> None:
    """Who belongs to two topics stands for one of them."""
    vectors = np.vstack([directions(0, 0, 1, 1), np.zeros((1, 8))]).astype(np.float32)
    vectors[4, :2] = np.sqrt(0.5)
    items = message_items(vectors, [SNOW, SNOW, DOLLAR, DOLLAR, [*SNOW, *DOLLAR]])
    groups = form_groups(items, np.array([0, 0, 1, 1, -1]), TopicOptions(max_anchors=9))
    assert [sorted(member.row for member in group.members) for group in groups] == [[0, 1, 4], [2, 3, 4]]
    assert sorted(anchor.row for group in groups for anchor in group.anchors) == [0, 1, 2, 3, 4]
