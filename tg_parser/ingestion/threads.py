"""The reply threads of a group, in flat arrays: 20 bytes a reply however large the group."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import NamedTuple

_NO_TOPIC = -1


class ThreadPlace(NamedTuple):
    """Where a message stands: `parent` is what it answers (None: nothing), `root` the first message of its thread."""

    root: int
    parent: int | None = None
    topic: str | None = None


class ReplyThreads:
    """Remembers for each reply the root of its chain, and for each message of a forum its topic."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._roots = array("q")
        self._topics = array("i")
        self._titles: list[str] = []
        self._topic_ids: dict[int, int] = {}

    def open_topic(self, topic_id: int, title: str) -> None:
        """A forum topic begins with the message `topic_id`; what answers that message belongs to the topic."""
        self._topic_ids[topic_id] = len(self._titles)
        self._titles.append(title)

    def place(self, message_id: int, reply_to: int | None) -> ThreadPlace:
        """Where the message stands that answers `reply_to`. Messages come in the order of their ids."""
        if reply_to is None or reply_to == message_id:
            return ThreadPlace(message_id)
        topic = self._topic_ids.get(reply_to, _NO_TOPIC)
        if topic != _NO_TOPIC:
            self._remember(message_id, message_id, topic)
            return ThreadPlace(message_id, topic=self._titles[topic])
        root, topic = self._root_of(reply_to)
        self._remember(message_id, root, topic)
        return ThreadPlace(root, reply_to, None if topic == _NO_TOPIC else self._titles[topic])

    def _root_of(self, message_id: int) -> tuple[int, int]:
        at = bisect_left(self._ids, message_id)
        if at < len(self._ids) and self._ids[at] == message_id:
            return self._roots[at], self._topics[at]
        return message_id, _NO_TOPIC

    def _remember(self, message_id: int, root: int, topic: int) -> None:
        at = bisect_left(self._ids, message_id)
        if at == len(self._ids) or self._ids[at] != message_id:
            self._ids.insert(at, message_id)
            self._roots.insert(at, root)
            self._topics.insert(at, topic)
