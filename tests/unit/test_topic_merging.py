from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from topic_samples import START, channel_posts, directions, post

from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard
from tg_parser.topics.duplicates import MOST_PAIRS, GroupPair, join, joint, may_merge, survivor
from tg_parser.topics.grouping.near import blocks
from tg_parser.topics.grouping.similarity import message_items
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.model import Group, KnownTopic, Member, TopicOptions, WantedTopic


def group(*rows: int, scores: tuple[Any, ...] = (), wanted: WantedTopic | None = None) -> Group:
    own = tuple(Member(row, score, 0.3) for row, score in zip(rows, scores or [0.8] * len(rows), strict=True))
    return Group(own, own[:2], wanted)


def known(first: int, *others: int) -> KnownTopic:
    refs = [(f"tg:-1001:post:{number}", str(number)) for number in (first, *others)]
    anchors = tuple(
        Anchor(channel_id="-1001", message_id=n, message_type="post", anchor_ref=ref) for ref, n in refs[:2]
    )
    card = TopicCard(
        id=f"topic:{refs[0][0]}", title="Снег", summary="Снег.", scope_in=("снег",), scope_out=("дождь",),
        type="cluster", anchors=anchors, sources=("-1001",), updated_at=START,
    )  # fmt: skip
    items = tuple(
        BundleItem(channel_id="-1001", message_id=n, message_type="post", source_ref=ref, role="anchor")
        for ref, n in refs
    )
    return KnownTopic(card, TopicBundle(topic_id=card.id, items=items, updated_at=START))


def pairs_of(texts: Sequence[str], axes: Sequence[int], groups: list[Group]) -> list[GroupPair]:
    corpus = corpus_of(channel_posts(*texts))
    return may_merge(groups, message_items(directions(*axes), corpus.stems), corpus, range(len(groups)))


TWO_ON_SNOW = (
    "Снег в Москве",
    "Снег в столице",
    "Снег в Казани",
    "Снег в Татарстане",
    "Курс доллара",
    "Биржа и доллар",
)


def test_only_near_topics_that_share_words_or_messages_may_be_one() -> None:
    """Two groups on snow are alike and share a word; the one on the dollar is like neither."""
    groups = [group(0, 1), group(2, 3), group(4, 5)]
    assert pairs_of(TWO_ON_SNOW, (0, 0, 0, 0, 1, 1), groups) == [GroupPair(0, 1)]


def test_a_model_is_not_asked_about_what_is_alike_in_tone_alone() -> None:
    """The same meaning for the embedder, and no common word or message: no pair."""
    texts = ("Алый закат", "Алый мак", "Гром гремит", "Гром утих", "Курс доллара", "Биржа и доллар")
    groups = [group(0, 1), group(2, 3), group(4, 5)]
    assert pairs_of(texts, (0, 0, 0, 0, 1, 1), groups) == []
    assert pairs_of(texts, (0, 0, 0, 0, 1, 1), [group(0, 1, 2), group(1, 2, 3), group(4, 5)]) == [GroupPair(0, 1)]


def test_two_wanted_topics_are_never_one() -> None:
    """A user told them apart; a found one may be a wanted one."""
    wanted = group(0, 1, wanted=WantedTopic("Москва")), group(2, 3, wanted=WantedTopic("Казань"))
    assert pairs_of(TWO_ON_SNOW, (0, 0, 0, 0, 1, 1), [*wanted, group(4, 5)]) == []
    assert pairs_of(TWO_ON_SNOW, (0, 0, 0, 0, 1, 1), [wanted[0], group(2, 3), group(4, 5)]) == [GroupPair(0, 1)]


def test_the_number_of_pairs_is_bounded() -> None:
    """However many groups are alike."""
    texts = [f"Снег номер {number}" for number in range(60)] + ["Курс доллара"] * 60
    axes = [0] * 60 + [1] * 60
    groups = [group(row, row + 1) for row in range(0, 60, 2)]
    assert len(pairs_of(texts, axes, groups)) == MOST_PAIRS


def test_topics_that_many_days_lie_between_are_not_compared() -> None:
    """The same words in the next month are another topic; within the days of a story, they may be one."""
    for days, expected in ((20, [GroupPair(0, 1)]), (40, [])):
        posts = [post(number, text, days=days * (number > 2)) for number, text in enumerate(TWO_ON_SNOW, 1)]
        corpus = corpus_of(posts)
        items = message_items(directions(0, 0, 0, 0, 1, 1), corpus.stems)
        assert may_merge([group(0, 1), group(2, 3), group(4, 5)], items, corpus, {0, 1}) == expected


def test_comparing_costs_the_topics_of_a_time_not_all_pairs() -> None:
    """Four times as many topics, each day as many as before: about four times as many similarities, not sixteen."""

    def compared(count: int) -> int:
        texts = ["Снег в Москве"] * count
        corpus = corpus_of([post(number, text, days=number // 2) for number, text in enumerate(texts, 1)])
        items = message_items(directions(*[number % 3 for number in range(count)]), corpus.stems)
        days = np.array([[number // 2, number // 2] for number in range(count)], dtype=np.float64)
        return sum(similarity.size for _, _, similarity in blocks(items, days, range(count)))

    assert 3 < compared(3200) / compared(800) < 6


def test_a_chain_does_not_join_its_ends() -> None:
    """Of three that would be one every two must be near; else only the first pair is joined."""
    assert joint([GroupPair(0, 1), GroupPair(1, 2)], [GroupPair(0, 1), GroupPair(1, 2)]) == [(0, 1)]
    assert joint([GroupPair(1, 2), GroupPair(0, 1)], [GroupPair(0, 1), GroupPair(1, 2), GroupPair(0, 2)]) == [(0, 1, 2)]
    assert joint([GroupPair(0, 1), GroupPair(2, 3)], [GroupPair(0, 1), GroupPair(2, 3)]) == [(0, 1), (2, 3)]


def test_a_pair_that_no_check_allows_is_not_joined() -> None:
    """Whatever a model says."""
    assert joint([GroupPair(0, 3)], [GroupPair(0, 1)]) == []


def test_joined_groups_keep_the_best_score_of_each_message() -> None:
    """Each message once, the best anchors of both."""
    one, other = group(3, 1, 2, scores=(0.9, 0.8, 0.7)), group(2, 4, scores=(0.85, 0.6))
    whole = join([one, other], TopicOptions(max_anchors=3))
    assert [(member.row, member.score) for member in whole.members] == [(3, 0.9), (2, 0.85), (1, 0.8), (4, 0.6)]
    assert [member.row for member in whole.anchors] == [3, 2, 1]


def test_what_did_not_change_is_not_compared_again() -> None:
    """At least one of a pair has changed in this run, and both are of one level."""
    corpus = corpus_of(channel_posts(*TWO_ON_SNOW))
    items = message_items(directions(0, 0, 0, 0, 1, 1), corpus.stems)
    events = [replace(one, level="event") for one in (group(0, 1), group(2, 3), group(4, 5))]
    assert may_merge(events, items, corpus, {1}) == [GroupPair(0, 1)]
    assert may_merge(events, items, corpus, {2}) == []
    assert may_merge([events[0], replace(events[1], level="story"), events[2]], items, corpus, {0, 1, 2}) == []


def test_the_oldest_topic_survives() -> None:
    """The one whose id names the oldest message, not the lowest number; a new one never before a known one."""
    corpus = corpus_of([post(1, "Снег", days=9), post(2, "Снег", days=3), post(3, "Снег", days=5)])
    matched = {0: known(1), 1: known(2)}
    assert survivor((0, 1, 2), matched, corpus) == matched[1]
    assert survivor((0, 2), matched, corpus) == matched[0]
    assert survivor((2,), matched, corpus) is None
