"""How the topics of a channel grow: new messages join a topic or found one, and what stands is kept (pure).

Messages are taken in order of time, some at once. First events: a message joins the reports of the same happening.
Then stories: an event, or a message alone, joins what belongs together over days. Topics merge or split only when their
messages say so clearly, and every step is recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from tg_parser.domain.topics import TopicChangeKind
from tg_parser.topics.grouping.constraints import allowed, may_merge
from tg_parser.topics.grouping.linkage import Span, joined
from tg_parser.topics.grouping.membership import CUTS, KEPT_FROM, above_cut, fitting
from tg_parser.topics.grouping.similarity import Items
from tg_parser.topics.model import KnownTopic, Level

AT_ONCE = 1000
DAYS: dict[Level, float] = {"event": 7.0, "story": 30.0}
"""A message joins an event or story whose nearest message is at most so many days older or newer."""
DECAY: dict[Level, float] = {"event": 0.1, "story": 0.004}
"""What a day between them takes from the similarity of two messages."""
MERGES_FROM = 1.2
"""Existing topics merge from this share of the cut: one message more changes nothing."""
_LEAST_TO_SPLIT = 4
_SEEN = 200
"""A topic is compared by at most so many of its messages, the newest ones."""


@dataclass(eq=False, slots=True)
class Growing:
    """A topic while it grows: the rows of its messages that are at hand, in order of time.

    `known` is the topic of an earlier run that it continues; `missing` counts its messages that no longer exist.
    `place` is where it ends up among the groups of the run. A person has said that the messages `barred` are not its.
    """

    level: Level
    rows: list[int]
    known: KnownTopic | None = None
    parent: Growing | None = None
    missing: int = 0
    steps: list[Step] = field(default_factory=list)
    merged_into: Growing | None = None
    place: int | None = None
    barred: frozenset[int] = frozenset()

    @property
    def is_held(self) -> bool:
        """Whether a person has edited it, so that no run merges it into another, splits or ends it."""
        return self.known is not None and self.known.by_hand.is_held

    @property
    def is_over(self) -> bool:
        """Whether it has been merged into another, or has lost its messages."""
        return self.merged_into is not None or not self.rows


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a topic: with which messages (rows) and which other topic."""

    kind: TopicChangeKind
    rows: tuple[int, ...] = ()
    other: Growing | None = None


class Growth:
    """The topics over messages (rows) with their `dates` and `items`, beginning with the `topics` that exist."""

    def __init__(self, dates: Sequence[datetime], items: Items, topics: Iterable[Growing] = ()) -> None:
        self._items = items
        self._days = np.array([date.timestamp() / 86_400 for date in dates])
        self._has_words = np.diff(items.words.indptr) > 0
        self._is_taken_up = np.zeros(len(dates), dtype=bool)
        self._in_time = np.argsort(self._days, kind="stable")
        self._days_in_time = self._days[self._in_time]
        self.topics = list(topics)
        self._open = list(self.topics)
        self._event_of = {row: one for one in self.topics if one.level == "event" for row in one.rows}
        self._story_of = {row: one for one in self.topics if one.level == "story" for row in one.rows}

    def live(self, level: Level) -> list[Growing]:
        """The topics of a level that exist now and that messages not yet taken up may still be near to."""
        return [one for one in self._open if one.level == level and not one.is_over]

    def add(self, rows: Iterable[int], settled: Iterable[int] = ()) -> None:
        """Take up the messages `rows`; `settled` ones were taken up in an earlier run and may be joined."""
        self._is_taken_up[list(settled)] = True
        for batch in self._batches(rows):
            self._close_before(self._days[batch[0]] - max(DAYS.values()))
            self._grow_events(batch)
            self._grow_stories(batch)
            self._is_taken_up[batch] = True
        self._end_hollow_stories()

    def _close_before(self, day: float) -> None:
        """Messages are taken up in order of time, so nothing can join what has ended long before them."""
        self._open = [one for one in self._open if not one.is_over and self._days[one.rows[-1]] >= day]

    def _when(self, row: int) -> tuple[float, int]:
        return float(self._days[row]), row

    def _batches(self, rows: Iterable[int]) -> Iterator[list[int]]:
        """Whole days together as far as they fit."""
        days = defaultdict[int, list[int]](list)
        for row in sorted(rows, key=self._when):
            days[int(self._days[row])].append(row)
        batch: list[int] = []
        for day in days.values():
            if batch and len(batch) + len(day) > AT_ONCE:
                yield batch
                batch = []
            batch += day
            while len(batch) > AT_ONCE:
                yield batch[:AT_ONCE]
                batch = batch[AT_ONCE:]
        if batch:
            yield batch

    def _earlier(self, batch: Sequence[int], level: Level) -> list[int]:
        """The messages with words that were taken up before and are near enough to `batch` in time."""
        start = np.searchsorted(self._days_in_time, self._days[batch[0]] - DAYS[level], "left")
        end = np.searchsorted(self._days_in_time, self._days[batch[-1]] + DAYS[level], "right")
        near = self._in_time[start:end]
        return [int(row) for row in near[self._is_taken_up[near] & self._has_words[near]]]

    def _grow_events(self, batch: Sequence[int]) -> None:
        worded = [[row] for row in batch if self._has_words[row]]
        alone = [[row] for row in self._earlier(batch, "event") if row not in self._event_of]
        grown = self._join(worded, alone, self.live("event"), "event")
        for one in grown:
            self._event_of.update(dict.fromkeys(one.rows, one))
        self._settle(grown)

    def _grow_stories(self, batch: Sequence[int]) -> None:
        """Units of a story are its events and its messages without an event."""
        fresh = set(batch)
        free = [one for one in self.live("event") if one.parent is None]
        changed = dict.fromkeys(one for one in free if fresh.intersection(one.rows))
        alone = [row for row in (*batch, *self._earlier(batch, "story")) if self._is_free(row)]
        new = [*(one.rows for one in changed), *([row] for row in alone if row in fresh)]
        old = [*(one.rows for one in free if one not in changed), *([row] for row in alone if row not in fresh)]
        for one in self._join(new, old, self.live("story"), "story"):
            for row in one.rows:
                self._story_of[row] = one
                if row in self._event_of:
                    self._event_of[row].parent = one
        for event in self.live("event"):
            if event.parent is not None:
                self._extend(event.parent, event.rows)

    def _end_hollow_stories(self) -> None:
        """A story that has become one event is that event: all its messages tell the same."""
        for story in self.topics:
            if story.level != "story" or story.is_over:
                continue
            events = {id(self._event_of[row]): self._event_of[row] for row in story.rows if row in self._event_of}
            if len(events) == 1 and not story.is_held and all(row in self._event_of for row in story.rows):
                (event,) = events.values()
                event.parent = None
                self._hand_over(story, event)

    def _is_free(self, row: int) -> bool:
        return row not in self._event_of and row not in self._story_of and bool(self._has_words[row])

    def _extend(self, story: Growing, rows: Sequence[int]) -> None:
        """A story has all messages of its events."""
        more = [row for row in rows if self._story_of.get(row) is not story]
        if more:
            self._gain(story, more)
            self._story_of.update(dict.fromkeys(more, story))

    def _join(self, new: list[list[int]], old: list[list[int]], groups: list[Growing], level: Level) -> list[Growing]:
        """The topics of a level that `new` units (lists of rows) join or found."""
        near = self._near(new, [*old, *(one.rows for one in groups)], DAYS[level])
        old, groups = (
            [one for place, one in enumerate(old) if near[place]],
            [one for place, one in enumerate(groups) if near[len(old) + place]],
        )
        parts = [*new, *old, *(one.rows for one in groups)]
        if not new or len(parts) < 2:
            return []
        units = self._items.summed([part[-_SEEN:] for part in parts])
        is_group = np.arange(len(parts)) >= len(new) + len(old)
        found = []
        for places in joined(units, len(new), is_group, self._span(parts, level), CUTS[level]):
            if len(places) < 2:
                continue
            group = next((groups[place - len(new) - len(old)] for place in places if is_group[place]), None)
            rows = sorted((row for place in places if not is_group[place] for row in parts[place]), key=self._when)
            if group is not None:
                may = allowed(group, (parts[place] for place in places if not is_group[place]))
                fit = [row for row in rows if row in may]
                fit = fit if level == "story" else fitting(self._items, group.rows[-_SEEN:], fit, level)
                self._gain(group, fit)
                found += [group] if fit else []
                rows = [row for row in rows if row not in set(fit)]
            founded = self._found(rows, level)
            found += [founded] if founded else []
        return found

    def _near(self, new: list[list[int]], others: list[list[int]], most: float) -> list[bool]:
        if not new:
            return [False] * len(others)
        first = min(self._days[part[0]] for part in new) - most
        last = max(self._days[part[-1]] for part in new) + most
        return [bool(part) and self._days[part[-1]] >= first and self._days[part[0]] <= last for part in others]

    def _span(self, parts: list[list[int]], level: Level) -> Span:
        first, last = ([self._days[part[end]] for part in parts] for end in (0, -1))
        return Span(np.array(first), np.array(last), DAYS[level], DECAY[level])

    def _found(self, rows: list[int], level: Level) -> Growing | None:
        kept = above_cut(self._items, rows, level) if level == "event" and rows else rows
        if len(kept) < 2:
            return None
        topic = Growing(level, kept)
        topic.steps.append(Step("born", tuple(kept)))
        self._add(topic)
        return topic

    def _add(self, topic: Growing) -> None:
        self.topics.append(topic)
        self._open.append(topic)

    def _gain(self, topic: Growing, rows: Sequence[int]) -> None:
        if rows:
            topic.rows = sorted({*topic.rows, *rows}, key=self._when)
            topic.steps.append(Step("grew", tuple(rows)))

    def _settle(self, grown: Sequence[Growing]) -> None:
        """Merge events that turn out to be one, and split those that turn out to be several."""
        for one in grown:
            if one.is_over or one.known is None:
                continue
            for part in self._parts_to_split(one):
                self._split(one, part)
            other = self._twin(one)
            if other is not None and may_merge(one, other):
                self._merge(*sorted((one, other), key=self._age))

    def _parts_to_split(self, one: Growing) -> list[list[int]]:
        """The parts of a topic that are no longer similar to its oldest part."""
        if one.is_held or len(one.rows) < _LEAST_TO_SPLIT or len(one.rows) > _SEEN:
            return []
        units = self._items.take(np.array(one.rows))
        span = self._span([[row] for row in one.rows], "event")
        parts = joined(units, len(one.rows), np.zeros(len(one.rows), dtype=bool), span, KEPT_FROM * CUTS["event"])
        if len(parts) < 2 or min(map(len, parts)) < 2:
            return []
        return [[one.rows[place] for place in part] for part in parts if 0 not in part]

    def _split(self, one: Growing, rows: list[int]) -> None:
        part = Growing(one.level, rows, parent=one.parent)
        part.steps.append(Step("split", tuple(rows), one))
        one.rows = [row for row in one.rows if row not in rows]
        one.steps.append(Step("lost", tuple(rows), part))
        self._add(part)
        self._event_of.update(dict.fromkeys(rows, part))

    def _twin(self, one: Growing) -> Growing | None:
        """The known event that is so similar that both must be one."""
        others = [each for each in self.live("event") if each is not one and each.known is not None and each.rows]
        near = self._near([one.rows], [each.rows for each in others], DAYS["event"])
        others = [each for each, is_near in zip(others, near, strict=True) if is_near]
        if not others or not one.rows:
            return None
        own = self._items.summed([one.rows[-_SEEN:]])
        similarity = own.similarity(self._items.summed([each.rows[-_SEEN:] for each in others]))[0]
        best = int(similarity.argmax())
        return others[best] if similarity[best] >= MERGES_FROM * CUTS["event"] else None

    def _merge(self, kept: Growing, gone: Growing) -> None:
        rows, story = list(gone.rows), gone.parent
        kept.rows = sorted({*kept.rows, *rows}, key=self._when)
        kept.steps.append(Step("grew", tuple(rows), gone))
        self._hand_over(gone, kept)
        self._event_of.update(dict.fromkeys(rows, kept))
        if kept.parent is None:
            kept.parent = story
        elif story is not None and story is not kept.parent:
            moved = sorted(set(rows).intersection(story.rows), key=self._when)
            story.rows = [row for row in story.rows if row not in moved]
            story.steps.append(Step("lost", tuple(moved), kept.parent))

    def _hand_over(self, gone: Growing, to: Growing) -> None:
        gone.steps.append(Step("merged", tuple(gone.rows), to))
        gone.merged_into, gone.rows = to, []

    def _age(self, one: Growing) -> tuple[bool, float, str]:
        """What is merged into the other comes last: the younger one, but never a held one."""
        return not one.is_held, float(self._days[one.rows[0]]), one.known.card.id if one.known else ""
