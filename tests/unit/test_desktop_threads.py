"""Reply threads in flat arrays."""

from __future__ import annotations

from tg_parser.ingestion.threads import Place, ReplyThreads


def test_messages_out_of_order_still_find_their_root() -> None:
    """A merged export may hold ids out of order; what is known is found, what is not is its own root."""
    threads = ReplyThreads()
    assert threads.place(30, 10) == Place(10, 10)
    assert threads.place(20, 30) == Place(10, 30)
    assert threads.place(25, 20) == Place(10, 20)
    assert threads.place(15, 25) == Place(10, 25)


def test_a_message_seen_twice_keeps_its_place() -> None:
    """A duplicate does not grow the memory and does not move the thread."""
    threads = ReplyThreads()
    assert threads.place(2, 1) == threads.place(2, 1) == Place(1, 1)
    assert threads.place(3, 2) == Place(1, 2)


def test_topics_with_one_title_stay_apart_from_none() -> None:
    """Two topics and the ground outside of them are told apart."""
    threads = ReplyThreads()
    threads.open_topic(5, "Releases")
    threads.open_topic(9, "Bugs")
    assert threads.place(10, 5) == Place(10, topic="Releases")
    assert threads.place(11, 9) == Place(11, topic="Bugs")
    assert threads.place(12, 11) == Place(11, 11, "Bugs")
    assert threads.place(13, None) == Place(13)
    assert threads.place(14, 13) == Place(13, 13)
