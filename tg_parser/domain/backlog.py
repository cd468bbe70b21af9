"""What is still to be fetched from a chat (pure).

When a run that reads backwards in time ends early, it leaves a gap between what it stored and what was stored before;
an export may begin in the middle of a chat. The gaps are kept as open ranges; the cursor stays below the lowest of
them, and the next run that reaches Telegram closes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self


class OpenRange(NamedTuple):
    """Post ids between two bounds, both exclusive; without `before_id`, up to the newest post there is."""

    after_id: int
    before_id: int | None


class Backlog(NamedTuple):
    """The newest post stored, and the open ranges below it, newest first."""

    newest_id: int = 0
    ranges: tuple[OpenRange, ...] = ()

    @classmethod
    def of(cls, newest_id: int | None, ranges: tuple[OpenRange, ...] | None, cursor: int | None) -> Self:
        """The stored backlog, less what has meanwhile been stored up to `cursor`."""
        done = cursor or 0
        still_open = [
            OpenRange(max(each.after_id, done), each.before_id)
            for each in ranges or ()
            if each.before_id is not None and each.before_id > done + 1
        ]
        return cls(max(newest_id or 0, done), tuple(still_open))

    @property
    def cursor(self) -> int:
        """Every post up to this id is stored."""
        return self.ranges[-1].after_id if self.ranges else self.newest_id

    def to_read(self) -> list[OpenRange]:
        """The ranges in reading order: new posts first, then what earlier runs left."""
        return [OpenRange(self.newest_id, None), *self.ranges]

    def stored(self, within: OpenRange, lowest: int, highest: int) -> Self:
        """The backlog once the posts from `lowest` to `highest`, at the upper end of `within`, are stored."""
        rest = OpenRange(within.after_id, lowest)
        others = self.closed(within).ranges
        still_open = (rest, *others) if rest.after_id + 1 < lowest else others
        return self._replace(newest_id=max(self.newest_id, highest), ranges=_newest_first(still_open))

    def filled(self, lowest: int, highest: int) -> Self:
        """The backlog once all posts from `lowest` to `highest` are stored; what lies below them stays open."""
        above = OpenRange(self.newest_id, highest + 1)
        still_open = (
            rest
            for each in ((above, *self.ranges) if highest > self.newest_id else self.ranges)
            for rest in _without(each, lowest, highest)
        )
        return self._replace(newest_id=max(self.newest_id, highest), ranges=_newest_first(tuple(still_open)))

    def closed(self, within: OpenRange) -> Self:
        """The backlog once nothing more can be fetched from `within`."""
        return self._replace(ranges=tuple(each for each in self.ranges if each.after_id != within.after_id))


def _without(within: OpenRange, lowest: int, highest: int) -> Iterator[OpenRange]:
    """What remains of a bounded range without the posts from `lowest` to `highest`."""
    end = within.before_id or highest + 1
    below, beyond = OpenRange(within.after_id, min(end, lowest)), OpenRange(max(within.after_id, highest), end)
    if beyond.after_id + 1 < end:
        yield beyond
    if below.after_id + 1 < min(end, lowest):
        yield below


def _newest_first(ranges: tuple[OpenRange, ...]) -> tuple[OpenRange, ...]:
    return tuple(sorted(ranges, key=lambda each: -each.after_id))
