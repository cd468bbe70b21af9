"""Answers that many ask for: one look for all, kept for a moment, and an end to waiting."""

from __future__ import annotations

import asyncio
import time

import pytest

from tg_parser.services.cached import CachedValue, answered_within


class Looks:
    """Counts its looks; each gives its number once it is let go."""

    def __init__(self) -> None:
        self.number, self.now, self.fails = 0, 0.0, False
        self.free = asyncio.Event()

    async def look(self) -> int:
        self.number += 1
        number = self.number
        await self.free.wait()
        if self.fails:
            raise ValueError("nothing to be seen")
        return number


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def cached(looks: Looks) -> CachedValue[int]:
    return CachedValue(looks.look, 10, lambda: looks.now)


async def test_all_who_wait_get_one_look(cached: CachedValue[int], looks: Looks) -> None:
    """A hundred ask at once: it is looked once."""
    waiting = [asyncio.create_task(cached.get()) for _ in range(100)]
    await asyncio.sleep(0)
    looks.free.set()
    assert set(await asyncio.gather(*waiting)) == {1}
    assert looks.number == 1


async def test_what_was_seen_is_kept_for_its_time(cached: CachedValue[int], looks: Looks) -> None:
    """Not looked again within ten seconds; after them, anew."""
    looks.free.set()
    assert [await cached.get(), await cached.get()] == [1, 1]
    looks.now = 9.9
    assert await cached.get() == 1
    looks.now = 10
    assert cached.fresh is None
    assert await cached.get() == 2


async def test_looks_that_take_long_are_rarer(looks: Looks) -> None:
    """At most a twentieth of the time is spent on looking: after 4 seconds of it there are 76 of rest."""
    cached = CachedValue(looks.look, 10, lambda: looks.now, share=0.05)
    waiting = asyncio.create_task(cached.get())
    await asyncio.sleep(0)
    looks.now = 4
    looks.free.set()
    assert await waiting == 1
    looks.now = 79.9
    assert await cached.get() == 1
    looks.now = 80
    assert await cached.get() == 2


async def test_a_failed_look_is_not_kept(cached: CachedValue[int], looks: Looks) -> None:
    """Its error goes to who asked; the next one looks again."""
    looks.free.set()
    looks.fails = True
    with pytest.raises(ValueError, match="nothing to be seen"):
        await cached.get()
    looks.fails = False
    assert await cached.get() == 2


async def test_who_gives_up_takes_the_look_from_nobody(cached: CachedValue[int], looks: Looks) -> None:
    """One of two who wait is cancelled; the other gets its answer."""
    first, second = asyncio.create_task(cached.get()), asyncio.create_task(cached.get())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    looks.free.set()
    assert await second == 1
    assert first.cancelled()


async def test_what_does_not_even_end_when_cancelled_is_not_waited_for() -> None:
    """It is left behind, and told twice to end."""
    told: list[float] = []

    async def stubborn() -> None:
        while len(told) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told.append(time.monotonic())

    began = time.monotonic()
    task = asyncio.ensure_future(stubborn())
    with pytest.raises(TimeoutError):
        await answered_within(0.05, task)
    assert time.monotonic() - began < 1
    await asyncio.wait_for(task, 5)
    assert len(told) == 2
