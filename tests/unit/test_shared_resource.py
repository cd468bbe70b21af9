"""A resource that is opened once for all who use it: when it opens, when it closes, and who hears of its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tg_parser.domain.errors import BusyError
from tg_parser.storage.engine.shared_resource import HeldResource


class Resource:
    """Notes when it opens and closes; `task` is the one that holds it."""

    def __init__(self, fails: BusyError | None = None) -> None:
        self.told: list[str] = []
        self.task: asyncio.Task[Any] | None = None
        self.fails = fails
        self.begun, self.may_open = asyncio.Event(), asyncio.Event()
        self.may_open.set()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        self.task = asyncio.current_task()
        self.begun.set()
        await self.may_open.wait()
        if self.fails:
            raise self.fails
        self.told.append("open")
        try:
            yield "value"
        except asyncio.CancelledError:
            raise BusyError("Another has the lock.") from None
        finally:
            self.told.append("closed")


async def test_it_closes_after_its_last_use() -> None:
    """Not before, and in the task that opened it."""
    resource = Resource()
    held = await HeldResource.open(resource(), 0)
    async with held.used(), held.used():
        held.give_back()
        assert resource.told == ["open"]
    await held.ended()
    assert resource.told == ["open", "closed"]
    assert resource.task is not asyncio.current_task()


async def test_a_use_within_the_idle_time_keeps_it_open() -> None:
    """The idle time begins anew with the end of each use."""
    held = await HeldResource.open(Resource()(), 3600)
    for _ in range(2):
        async with held.used() as value:
            assert value == "value"
    assert not held.is_over
    held.give_back()
    await held.ended()


async def test_what_cannot_be_opened_raises() -> None:
    """The error of opening comes to the one who opens."""
    with pytest.raises(BusyError, match="taken"):
        await HeldResource.open(Resource(BusyError("It is taken."))(), 0)


async def test_opening_that_is_cancelled_leaves_nothing_open() -> None:
    """Whoever opens gives up while the resource is on its way."""
    resource = Resource()
    resource.may_open.clear()
    opening = asyncio.create_task(HeldResource.open(resource(), 0))
    await resource.begun.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert resource.task.done()
    assert resource.told == []


async def test_a_user_hears_what_ended_it() -> None:
    """A lock that is lost cancels its holder; the user is interrupted and told why, and can go on."""
    resource = Resource()
    held = await HeldResource.open(resource(), 0)
    with pytest.raises(BusyError, match="Another has the lock"):
        async with held.used():
            resource.task.cancel()
            await asyncio.Event().wait()
    assert asyncio.current_task().cancelling() == 0
    assert held.is_over


async def test_a_user_that_is_stopped_is_stopped() -> None:
    """A cancelled use is cancelled, no matter that it was the last."""
    held = await HeldResource.open(Resource()(), 0)
    entered = asyncio.Event()

    async def use() -> None:
        async with held.used():
            entered.set()
            await asyncio.Event().wait()

    user = asyncio.create_task(use())
    await entered.wait()
    user.cancel()
    with pytest.raises(asyncio.CancelledError):
        await user
    await held.ended()


async def test_closing_stops_who_uses_it() -> None:
    """At the end of a process nothing is left open."""
    resource = Resource()
    held = await HeldResource.open(resource(), 3600)
    entered = asyncio.Event()

    async def use() -> None:
        async with held.used():
            entered.set()
            await asyncio.Event().wait()

    user = asyncio.create_task(use())
    await entered.wait()
    await held.close()
    with pytest.raises(asyncio.CancelledError):
        await user
    assert resource.told == ["open", "closed"]
