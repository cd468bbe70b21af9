"""The inspector: what in the numbers of a channel deserves a look."""

from __future__ import annotations

from samples import topic

from tg_parser.agents.quality import QualityFinding, inspect
from tg_parser.storage.stores.documents import DocumentCounts


def test_good_numbers_need_no_look() -> None:
    """A channel that is read and covered."""
    assert list(inspect(DocumentCounts(100, 10, 1), 0, [topic(1, 2)[0]], 60)) == []


def test_everything_that_stands_out_is_named() -> None:
    """Failures, messages that wait, noise, topics that cover little, and titles that are there twice."""
    cards = [topic(1, title="News")[0], topic(2, title="news")[0], topic(3, title="Other")[0]]
    assert list(inspect(DocumentCounts(80, 50, 20), 7, cards, 5)) == [
        QualityFinding("20 messages could not be read.", "many_failures"),
        QualityFinding("7 messages are waiting.", "waiting"),
        QualityFinding("50 of 80 documents are noise.", "much_noise"),
        QualityFinding("5 of 30 messages are in a topic.", "few_in_topics"),
        QualityFinding("Several topics are called 'news'.", "same_title"),
    ]


def test_shares_of_few_documents_say_nothing() -> None:
    """Three of four are no finding, and a channel without topics is not one whose topics cover little."""
    assert list(inspect(DocumentCounts(4, 3, 0), 0, [], 0)) == []
    assert list(inspect(DocumentCounts(100, 0, 0), 0, [], None)) == []
