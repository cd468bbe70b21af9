"""Which pairs near the border of an event are asked about, and how answers count."""

from __future__ import annotations

from topic_samples import DOLLAR, ODD, SNOW, ZOO, channel_posts, directions

from tg_parser.topics.grouping.border import BorderPair, answered, border_pairs
from tg_parser.topics.grouping.similarity import message_items
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.model import TopicOptions

CORPUS = corpus_of(channel_posts(*SNOW, *DOLLAR, *ZOO, ODD))
ITEMS = message_items(directions(*[0] * 4, *[1] * 4, *[2] * 4, 3), CORPUS.stems, CORPUS.facts)


def test_unlike_messages_are_not_asked_about() -> None:
    """Every question is about messages of one subject, and none about the message that stands alone."""
    pairs = border_pairs(ITEMS, CORPUS, [], TopicOptions())
    subjects = [{row // 4 for row in (*pair.first, *pair.second)} for pair in pairs]
    assert all(len(own) == 1 for own in subjects)
    assert {3} not in subjects


def test_an_answer_moves_only_the_messages_asked_about() -> None:
    """Yes raises the similarity of both sides, no lowers it; that of all others is as it was."""
    pair = BorderPair((0, 1), (4,))
    before = ITEMS.products(ITEMS)
    for same, moved in ((True, 0.375), (False, -0.375)):
        after = answered(ITEMS, {pair: same})
        change = (after.products(after) - before).round(3)
        assert change[0, 4] == change[4, 1] == moved
        assert change[0, 1] == 0.375
        assert change[8, 9] == change[0, 2] == change[4, 5] == 0


def test_wrong_answers_about_parts_are_outvoted() -> None:
    """A big event is asked about in three parts: two that say yes outweigh one that says no."""
    texts = [SNOW[0]] * 7 + ["Первый снег выпал в Москве"] + [ODD]
    corpus = corpus_of(channel_posts(*texts))
    items = message_items(directions(*[0] * 7, 1, 2), corpus.stems)
    pairs = border_pairs(items, corpus, [], TopicOptions())
    assert sorted(pair.first for pair in pairs) == [(0, 3, 6), (1, 4), (2, 5)]
    said = answered(items, {pair: place > 0 for place, pair in enumerate(sorted(pairs))})
    whole = said.summed([list(range(7)), [7]])
    plain = items.summed([list(range(7)), [7]])
    assert whole.products(whole)[0, 1] > plain.products(plain)[0, 1]
