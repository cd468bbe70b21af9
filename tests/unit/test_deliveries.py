"""A worker finds a delivery that comes while it looks for one: it forgets what it is told of until it has looked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import procrastinate
from procrastinate.jobs import Notification
from procrastinate.testing import InMemoryConnector

from tg_parser.jobs.procrastinate_app import Deliveries


class Queue(InMemoryConnector):
    """Its first look finds nothing, because the delivery comes just behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.comes: Any = None

    async def fetch_job_one(self, queues: Iterable[str] | None, worker_id: int) -> dict[str, Any]:
        self.looks += 1
        found: dict[str, Any] = await super().fetch_job_one(queues, worker_id)
        if self.comes is not None:
            coming, self.comes = self.comes, None
            await coming()
        return found


async def deaf(*, channel: str, notification: Notification) -> None:
    """The worker hears nothing while it looks."""


async def test_delivery_that_comes_while_a_worker_looks_is_found() -> None:
    """The look that ended too soon is followed by another."""
    queue, app = Queue(), procrastinate.App(connector=InMemoryConnector())
    await queue.open_async()
    deliveries = Deliveries(queue)
    worker = await deliveries.register_worker()
    await deliveries.listen_for_jobs(on_notification=deaf)
    task = app.configure_task("work", allow_unknown=True)

    async def come() -> None:
        await deliveries.defer_job_async(task.job)

    queue.comes = come
    found = await deliveries.fetch_job(None, worker)
    assert found is not None
    assert (found.task_name, queue.looks) == ("work", 2)


async def test_empty_queue_is_looked_at_once() -> None:
    """Nobody told of a delivery, so there is nothing to look for again."""
    queue = Queue()
    await queue.open_async()
    deliveries = Deliveries(queue)
    worker = await deliveries.register_worker()
    await deliveries.listen_for_jobs(on_notification=deaf)
    assert await deliveries.fetch_job(None, worker) is None
    assert queue.looks == 1
