"""Finds the words of many groups in worker processes, and those of a few in a thread of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from tg_parser.topics.grouping.groups import Grouping
from tg_parser.topics.wording.words import Unworded, Words, unworded, words_of

_MOST, _LEAST = 100, 25
"""How many groups a worker gets at a time: what was counted in all documents goes with them each time, and a run that
is cancelled waits until they are done, a few seconds.
"""
_PARTS = 4
"""Into how many parts for each worker a few groups are divided, so that none is idle for long at the end."""


@dataclass(frozen=True, slots=True)
class WordWorkers:
    """Worker processes: `expect` says how many at a time work on so many messages, 1 meaning none; `run` uses one."""

    expect: Callable[[int], int]
    run: Callable[[Callable[[Unworded], list[Words]], Unworded], Awaitable[list[Words]]]

    async def words(self, grouping: Grouping) -> list[Words]:
        """The words of the groups that are not as they were, in the order of their places."""
        some = unworded(grouping)
        count = self.expect(sum(len(group.members) for group in some.groups))
        if count == 1:
            return await asyncio.to_thread(words_of, some)
        size = max(_LEAST, min(_MOST, len(some.groups) // (_PARTS * count)))
        waiting, found = enumerate(some.parts(size)), dict[int, list[Words]]()
        tasks = [asyncio.ensure_future(self._work(waiting, found)) for _ in range(count + 1)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [words for _, part in sorted(found.items()) for words in part]

    async def _work(self, waiting: Iterator[tuple[int, Unworded]], found: dict[int, list[Words]]) -> None:
        """One more task than workers, so that the next part is there when a worker is free."""
        for place, part in waiting:
            found[place] = await self.run(words_of, part)
