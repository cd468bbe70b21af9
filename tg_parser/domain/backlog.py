"""Keeps track of what has not been collected from a chat yet (pure).

A run that reads backwards in time and stops early leaves a gap between what it stored and what was stored before; an
export may start in the middle of a chat. These gaps are stored as open ranges; the cursor stays below the lowest of
them, and the next run that reads from Telegram closes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self


class OpenRange(NamedTuple):
    """A range of post ids between two exclusive bounds; without `before_id`, up to the newest post."""

    after_id: int
    before_id: int | None


class Backlog(NamedTuple):
    """The newest stored post, and the open ranges below it, newest first."""

    newest_id: int = 0
    ranges: tuple[OpenRange, ...] = ()

    @classmethod
    def of(cls, newest_id: int | None, ranges: tuple[OpenRange, ...] | None, cursor: int | None) -> Self:
        """Return the stored backlog without what has since been stored up to `cursor`."""
        done = cursor or 0
        still_open = [
            OpenRange(max(each.after_id, done), each.before_id)
            for each in ranges or ()
            if each.before_id is not None and each.before_id > done + 1
        ]
        return cls(max(newest_id or 0, done), tuple(still_open))

    @property
    def cursor(self) -> int:
        """Return the id up to which all posts are stored."""
        return self.ranges[-1].after_id if self.ranges else self.newest_id

    def to_read(self) -> list[OpenRange]:
        """Return the ranges in reading order: new posts first, then gaps left by earlier runs."""
        return [OpenRange(self.newest_id, None), *self.ranges]

    def stored(self, within: OpenRange, lowest: int, highest: int) -> Self:
        """Return the backlog after storing posts `lowest` to `highest`, at the upper end of `within`."""
        rest = OpenRange(within.after_id, lowest)
        others = self.closed(within).ranges
        still_open = (rest, *others) if rest.after_id + 1 < lowest else others
        return self._replace(newest_id=max(self.newest_id, highest), ranges=_newest_first(still_open))

    def filled(self, lowest: int, highest: int) -> Self:
        """Return the backlog after storing all posts from `lowest` to `highest`; everything below stays open."""
        above = OpenRange(self.newest_id, highest + 1)
        still_open = (
            rest
            for each in ((above, *self.ranges) if highest > self.newest_id else self.ranges)
            for rest in _without(each, lowest, highest)
        )
        return self._replace(newest_id=max(self.newest_id, highest), ranges=_newest_first(tuple(still_open)))

    def closed(self, within: OpenRange) -> Self:
        """Return the backlog once nothing more can be collected from `within`."""
        return self._replace(ranges=tuple(each for each in self.ranges if each.after_id != within.after_id))


def _without(within: OpenRange, lowest: int, highest: int) -> Iterator[OpenRange]:
    """Yield the parts of a bounded range outside the posts from `lowest` to `highest`."""
    end = within.before_id or highest + 1
    below, beyond = OpenRange(within.after_id, min(end, lowest)), OpenRange(max(within.after_id, highest), end)
    if beyond.after_id + 1 < end:
        yield beyond
    if below.after_id + 1 < min(end, lowest):
        yield below


def _newest_first(ranges: tuple[OpenRange, ...]) -> tuple[OpenRange, ...]:
    return tuple(sorted(ranges, key=lambda each: -each.after_id))
