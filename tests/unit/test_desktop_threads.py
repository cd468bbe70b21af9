"""Reply threads in flat arrays."""

from __future__ import annotations

from tg_parser.ingestion.threads import ReplyThreads, ThreadPlace


def test_messages_out_of_order_still_find_their_root() -> None:
    """A merged export may hold ids out of order; what is known is found, what is not is its own root."""
    threads = ReplyThreads()
    assert threads.place(30, 10) == ThreadPlace(10, 10)
    assert threads.place(20, 30) == ThreadPlace(10, 30)
    assert threads.place(25, 20) == ThreadPlace(10, 20)
    assert threads.place(15, 25) == ThreadPlace(10, 25)


def test_a_message_seen_twice_keeps_its_place() -> None:
    """A duplicate does not grow the memory and does not move the thread."""
    threads = ReplyThreads()
    assert threads.place(2, 1) == threads.place(2, 1) == ThreadPlace(1, 1)
    assert threads.place(3, 2) == ThreadPlace(1, 2)


def test_topics_with_one_title_stay_apart_from_none() -> None:
    """Two topics and the ground outside of them are told apart."""
    threads = ReplyThreads()
    threads.open_topic(5, "Releases")
    threads.open_topic(9, "Bugs")
    assert threads.place(10, 5) == ThreadPlace(10, topic="Releases")
    assert threads.place(11, 9) == ThreadPlace(11, topic="Bugs")
    assert threads.place(12, 11) == ThreadPlace(11, 11, "Bugs")
    assert threads.place(13, None) == ThreadPlace(13)
    assert threads.place(14, 13) == ThreadPlace(13, 13)
