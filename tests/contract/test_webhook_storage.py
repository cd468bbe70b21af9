"""Webhooks on both backends: what is told is written with what happened, once, to those who may know it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import DeliveryNotFoundError, WebhookNotFoundError
from tg_parser.domain.jobs import JOB_KINDS, QUEUES, Job, JobError
from tg_parser.domain.keys import ApiKey, AuditEntry, new_entry_id
from tg_parser.domain.sources import Attempt, SourceChange
from tg_parser.domain.webhooks import FailedSource, ReceiverAnswer, Verdict, Webhook, ping_event, source_event
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.storage.stores.keys import KeyStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.webhooks import WebhookStorage

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class BrokenQueueError(Exception):
    """The queue takes nothing."""


class Queue:
    """Workers, as far as jobs are told to them."""

    def __init__(self) -> None:
        self.told: list[Job] = []
        self.breaks_at: str | None = None

    async def deliver(self, _: AsyncConnection, jobs: Sequence[Job]) -> None:
        if any(job.kind == self.breaks_at for job in jobs):
            raise BrokenQueueError
        self.told += jobs


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def jobs(databases: Databases, queue: Queue) -> JobStorage:
    return JobStorage(databases.processing, queue.deliver)


@pytest.fixture
def storage(databases: Databases, jobs: JobStorage) -> WebhookStorage:
    return WebhookStorage(databases.processing, jobs.let_wait)


def entry(action: str = "webhooks.add", subject: str = "wh_1") -> AuditEntry:
    return AuditEntry(new_entry_id(NOW), NOW, "user me", action, subject, "here")


def hook(number: int = 1, **fields: Any) -> Webhook:
    usual: dict[str, Any] = {"webhook_id": f"wh_{number}", "url": f"https://h{number}.example/x"}
    usual |= {"events": ("job.done", "job.failed", "source.failed"), "secret_sealed": "sealed"}
    return Webhook(**usual | {"created_at": NOW + timedelta(seconds=number)} | fields)


def job(number: int = 1, **fields: Any) -> Job:
    usual: dict[str, Any] = {"job_id": f"j{number}", "kind": "ingest", "created_at": NOW, "run_at": NOW}
    return Job(**usual | {"parameters": {"source": f"s{number}"}} | fields)


async def begun(jobs: JobStorage, number: int = 1, **fields: Any) -> Job:
    await jobs.add(job(number, **fields))
    found = await jobs.begin("w", NOW, kinds=JOB_KINDS)
    assert found is not None
    return found


async def ended(jobs: JobStorage, number: int = 1, state: Any = "done", **fields: Any) -> None:
    error = JobError("source", "It is private.") if state == "failed" else None
    await jobs.finish(await begun(jobs, number, **fields), state, NOW, error=error)


async def told(storage: WebhookStorage, **which: Any) -> list[tuple[str, str, str]]:
    """Who was or will be told of what, sorted."""
    return sorted((each.webhook_id, each.event, each.subject) for each in await storage.deliveries(limit=99, **which))


async def test_a_webhook_is_kept_as_it_was_made(storage: WebhookStorage, databases: Databases) -> None:
    """With every fact, oldest first; a change is in the log of changes with it."""
    made = [hook(1), hook(2, previous_sealed="p", previous_until=NOW, disabled_at=NOW, disabled_reason="r")]
    for each in reversed(made):
        await storage.add(each, entry())
    assert await storage.list(NOW) == made
    assert await storage.get("wh_1", NOW) == made[0]
    await storage.set_secret("wh_1", "sealed2", NOW + DAY, entry("webhooks.rotate"))
    await storage.enable("wh_2", entry("webhooks.enable"))
    rotated, enabled = await storage.list(NOW)
    assert (rotated.secret_sealed, rotated.previous_sealed, rotated.previous_until) == ("sealed2", "sealed", NOW + DAY)
    assert (enabled.state, enabled.disabled_reason) == ("active", None)
    log = await KeyStorage(databases.processing).audit(limit=9)
    assert {each.action for each in log} == {"webhooks.add", "webhooks.rotate", "webhooks.enable"}


async def test_the_end_of_a_job_is_told_with_it(storage: WebhookStorage, jobs: JobStorage, queue: Queue) -> None:
    """Both ends that are told, each once, by a job of its own that workers hear of; a webhook hears one at a time."""
    await storage.add(hook(1), entry())
    await ended(jobs, 1)
    await ended(jobs, 2, "failed")
    await ended(jobs, 3, "cancelled")
    assert await told(storage) == [("wh_1", "job.done", "j1"), ("wh_1", "job.failed", "j2")]
    waiting = [each for each in queue.told if each.kind == "webhook"]
    assert [each.lock for each in waiting] == ["webhook:wh_1"] * 2
    assert {each.parameters["delivery"] for each in waiting} == {
        each.delivery_id for each in await storage.deliveries(limit=9)
    }


async def test_an_end_and_what_is_told_of_it_come_together_or_not_at_all(
    storage: WebhookStorage, jobs: JobStorage, queue: Queue
) -> None:
    """Where the delivery cannot wait, the job has not ended, and the next try ends it and tells it once."""
    await storage.add(hook(1), entry())
    running = await begun(jobs)
    queue.breaks_at = "webhook"
    with pytest.raises(BrokenQueueError):
        await jobs.finish(running, "done", NOW)
    assert ((await jobs.get("j1")).state, await told(storage)) == ("running", [])
    queue.breaks_at = None
    await jobs.finish(running, "done", NOW)
    assert await jobs.finish(running, "done", NOW) is None
    assert await told(storage) == [("wh_1", "job.done", "j1")]


async def test_a_job_that_kills_its_worker_twice_is_told(storage: WebhookStorage, jobs: JobStorage) -> None:
    """It has failed as any other."""
    await storage.add(hook(1), entry())
    await jobs.add(job())
    for _ in range(2):
        await jobs.begin("w", NOW, kinds=JOB_KINDS)
        await jobs.take_over(None, NOW, "another")
    assert await told(storage) == [("wh_1", "job.failed", "j1")]


async def test_a_limited_key_is_told_of_its_sources_alone(storage: WebhookStorage, databases: Databases) -> None:
    """Once it is revoked or has expired, of nothing."""
    keys, jobs = KeyStorage(databases.processing), JobStorage(databases.processing)
    facts: dict[str, Any] = {"name": "n", "role": "editor", "secret_hash": "h", "created_at": NOW}
    await keys.add(ApiKey("k1", sources=frozenset({"s1"}), **facts), entry())
    await keys.add(ApiKey("k2", expires_at=NOW, **facts), entry())
    await keys.add(ApiKey("k3", **facts), entry())
    for number in (1, 2, 3):
        await storage.add(hook(number, key_id=f"k{number}"), entry())
    await ended(jobs, 1)
    await ended(jobs, 2)
    await ended(jobs, 3)
    await ended(jobs, 4, kind="export", parameters={"sources": ["s1", "s2"]})
    await keys.revoke("k3", NOW, entry())
    await ended(jobs, 5, parameters={"source": "s1", "mode": "snapshot"})
    heard = [(who, subject) for who, _, subject in await told(storage)]
    assert heard == [("wh_1", "j1"), ("wh_1", "j5"), *(("wh_3", f"j{each}") for each in range(1, 5))]
    assert await told(storage, key_id="k1") == await told(storage, webhook_id="wh_1")
    assert [each.state for each in await storage.list(NOW)] == ["active", "key_ended", "key_ended"]


async def test_a_limit_follows_a_source_that_is_renamed(storage: WebhookStorage, databases: Databases) -> None:
    """A webhook sees what its key sees."""
    keys = KeyStorage(databases.processing)
    key = ApiKey("k1", "n", "editor", "h", NOW, sources=frozenset({"s1"}))
    await keys.add(key, entry())
    await storage.add(hook(1, key_id="k1"), entry())
    await keys.source_renamed("s1", "s2")
    await ended(JobStorage(databases.processing), 2)
    assert await told(storage) == [("wh_1", "job.done", "j2")]


async def test_a_job_may_have_webhooks_of_its_own(storage: WebhookStorage, jobs: JobStorage) -> None:
    """Each address is told once, of this job alone, also where the same work waited already; then they go with it."""
    await jobs.add(job(1), hook(1, events=("job.done",)))
    await jobs.add(job(2, parameters={"source": "s1"}), hook(2, events=("job.done",)))
    await jobs.add(job(3, parameters={"source": "s1"}), hook(3, url="https://h1.example/x", events=("job.done",)))
    assert await storage.list(NOW) == []
    running = await jobs.begin("w", NOW, kinds=JOB_KINDS)
    assert running is not None
    await ended(jobs, 4)
    await jobs.finish(running, "done", NOW)
    assert await told(storage) == [("wh_1", "job.done", "j1"), ("wh_2", "job.done", "j1")]
    await jobs.delete_ended(NOW + DAY)
    await storage.delete_old(NOW)
    with pytest.raises(WebhookNotFoundError):
        await storage.get("wh_1", NOW)


async def test_an_answer_is_kept_with_what_becomes_of_the_delivery(storage: WebhookStorage, jobs: JobStorage) -> None:
    """Attempts are counted, the last answer is seen, and one who wants nothing any more is told nothing."""
    await storage.add(hook(1), entry())
    await ended(jobs)
    (delivery,) = await storage.deliveries(limit=9)
    assert (delivery.state, delivery.attempts, delivery.answer) == ("waiting", 0, None)
    later = ReceiverAnswer(NOW, 0.5, 503, "busy\x00", asked_wait=9)
    await storage.note_answer(delivery, later, Verdict("waiting", NOW + DAY))
    (delivery,) = await storage.deliveries(limit=9, states=["waiting"])
    assert (delivery.attempts, delivery.next_at, delivery.answer) == (
        1,
        NOW + DAY,
        ReceiverAnswer(NOW, 0.5, 503, "busy"),
    )
    await storage.note_answer(delivery, ReceiverAnswer(NOW, 0.1, 410), Verdict("failed", disables=True))
    (webhook,) = await storage.list(NOW)
    assert (webhook.state, webhook.disabled_reason) == (
        "disabled",
        "The receiver answered 410: it wants nothing any more.",
    )
    await ended(jobs, 2)
    assert await told(storage) == [("wh_1", "job.done", "j1")]
    assert await storage.waiting(delivery.delivery_id, delivery.job_id, NOW) is None


async def test_a_delivery_is_made_again_under_its_id(storage: WebhookStorage, jobs: JobStorage, queue: Queue) -> None:
    """By a new job; the one before it finds nothing to do, and what it would still write changes nothing."""
    await storage.add(hook(1), entry())
    await ended(jobs)
    (before,) = await storage.deliveries(limit=9)
    await storage.note_answer(before, ReceiverAnswer(NOW, 0.1, 404), Verdict("failed"))
    again = await storage.redeliver(before, NOW, entry("webhooks.redeliver"))
    assert (again.delivery_id, again.body, again.state, again.attempts) == (
        before.delivery_id,
        before.body,
        "waiting",
        0,
    )
    assert queue.told[-1].job_id == again.job_id != before.job_id
    assert await storage.waiting(before.delivery_id, before.job_id, NOW) is None
    await storage.note_answer(before, ReceiverAnswer(NOW, 0.1, 500), Verdict("failed"))
    found = await storage.waiting(again.delivery_id, again.job_id, NOW)
    assert found is not None
    assert found[1].webhook_id == "wh_1"


@pytest.mark.parametrize("ends", ["cancelled", "killed"])
async def test_a_delivery_whose_job_ends_otherwise_has_failed(
    storage: WebhookStorage, jobs: JobStorage, ends: str
) -> None:
    """Cancelled, or the end of two workers: the log says so, nothing waits for ever, and nobody is told of it."""
    await storage.add(hook(1), entry())
    await ended(jobs)
    (delivery,) = await storage.deliveries(limit=9)
    if ends == "cancelled":
        await jobs.request_cancel(delivery.job_id, NOW)
    for _ in range(2 if ends == "killed" else 0):
        assert await jobs.begin("w", NOW + DAY, kinds=QUEUES) is not None
        await jobs.take_over(None, NOW + DAY, "another")
    (lost,) = await storage.deliveries(limit=9)
    assert lost.state == "failed"
    assert (await jobs.get(delivery.job_id)).state == ("cancelled" if ends == "cancelled" else "failed")


async def test_deliveries_are_no_jobs_to_people(storage: WebhookStorage, jobs: JobStorage) -> None:
    """A list of jobs shows what was asked for; by their kind they are found."""
    await storage.add(hook(1), entry())
    await ended(jobs)
    assert [each.job_id for each in await jobs.page(limit=9)] == ["j1"]
    assert [each.kind for each in await jobs.page(limit=9, kinds=["webhook"])] == ["webhook"]


async def test_the_log_is_read_newest_first_by_page(storage: WebhookStorage) -> None:
    """Pages meet without a gap; a webhook that is removed takes its deliveries along."""
    await storage.add(hook(1), entry())
    await storage.add(hook(2), entry())
    for number, which in enumerate((1, 2, 1)):
        await storage.tell(hook(which), f"msg_{number}", ping_event(f"wh_{which}", NOW), NOW, entry())
    first = await storage.deliveries(limit=2)
    rest = await storage.deliveries(limit=2, before=first[-1].delivery_id)
    assert [each.delivery_id for each in (*first, *rest)] == ["msg_2", "msg_1", "msg_0"]
    await storage.remove("wh_1", entry("webhooks.remove"))
    assert await told(storage) == [("wh_2", "webhook.ping", "wh_2")]
    with pytest.raises(DeliveryNotFoundError):
        await storage.delivery("msg_0")
    with pytest.raises(WebhookNotFoundError):
        await storage.remove("wh_1", entry("webhooks.remove"))


async def test_old_deliveries_go_and_waiting_ones_stay(storage: WebhookStorage, jobs: JobStorage) -> None:
    """However old they are."""
    await storage.add(hook(1), entry())
    await ended(jobs, 1)
    await ended(jobs, 2)
    newest, oldest = await storage.deliveries(limit=9)
    await storage.note_answer(oldest, ReceiverAnswer(NOW, 0.1, 204), Verdict("delivered"))
    assert await storage.delete_old(NOW) == 0
    assert await storage.delete_old(newest.created_at + DAY) == 1
    assert [each.delivery_id for each in await storage.deliveries(limit=9)] == [newest.delivery_id]


async def test_a_source_that_fails_is_told_once(databases: Databases, storage: WebhookStorage) -> None:
    """However many workers tell it, and however often one dies between telling and forgetting; until it is resumed."""
    sources = IngestionStorage(databases.ingestion)
    await sources.save_source(SourceChange(source_id="s1", channel_id="-1001"), NOW)
    await storage.add(hook(1), entry())
    await failing(sources, NOW)
    await failing(sources, NOW + DAY)
    (failure,) = await sources.untold_failures()
    assert (failure.source_id, failure.failed_at, failure.channel_id) == ("s1", NOW, "-1001")
    assert (failure.error_class, failure.error_message) == ("SourceError", "It is private.")
    facts = FailedSource(source_id="s1", channel_id="-1001", error="SourceError", message="It is private.")
    event = source_event(facts, failure.failed_at)
    await asyncio.gather(*(storage.tell_once(event, NOW) for _ in range(4)))
    await sources.failure_told(failure)
    assert (await sources.untold_failures(), await told(storage)) == ([], [("wh_1", "source.failed", "s1")])
    await sources.set_status("s1", "active", NOW)
    await failing(sources, NOW + 2 * DAY)
    (again,) = await sources.untold_failures()
    await storage.tell_once(source_event(facts, again.failed_at), NOW)
    assert await told(storage) == [("wh_1", "source.failed", "s1")] * 2


async def failing(sources: IngestionStorage, at: datetime) -> None:
    attempt = Attempt(
        source_id="s1",
        started_at=at,
        finished_at=at,
        success=False,
        error_class="SourceError",
        error_message="It is private.",
    )
    await sources.record_attempt(attempt, "error")


async def test_only_a_change_into_failing_is_told(databases: Databases) -> None:
    """Not an error that passes, nor one of a paused source; one that is renamed or removed meanwhile stays true."""
    sources = IngestionStorage(databases.ingestion)
    await sources.save_source(SourceChange(source_id="s1", channel_id="-1001"), NOW)
    await sources.record_attempt(Attempt(source_id="s1", started_at=NOW, finished_at=NOW, success=False))
    await sources.set_status("s1", "paused", NOW)
    await failing(sources, NOW)
    assert await sources.untold_failures() == []
    await sources.set_status("s1", "active", NOW)
    await failing(sources, NOW)
    await sources.rename("s1", "s2", NOW)
    assert [each.source_id for each in await sources.untold_failures()] == ["s2"]
    await sources.remove("s2")
    assert await sources.untold_failures() == []


async def test_a_dump_of_the_tables_lets_nobody_sign(storage: WebhookStorage, databases: Databases) -> None:
    """Secrets are there as they were sealed alone."""
    await storage.add(hook(1), entry())
    rows = await databases.processing.rows(text("SELECT * FROM webhooks"))
    assert [name for name, value in rows[0].items() if value == "sealed"] == ["secret_sealed"]
    assert "sealed" not in repr(await storage.get("wh_1", NOW))


async def test_a_webhook_given_while_a_job_ends_is_told_or_never_taken(
    storage: WebhookStorage, jobs: JobStorage
) -> None:
    """Whichever comes first: the job is asked for again and ends in the same moment; the answer says which it was."""
    for number in range(1, 11):
        running = await begun(jobs, number, asked_by="a", idempotency_key=f"k{number}")
        again = job(number + 100, asked_by="a", idempotency_key=f"k{number}")
        seen, _ = await asyncio.gather(
            jobs.add(again, hook(number, events=("job.done",))), jobs.finish(running, "done", NOW)
        )
        heard = [each for each in await told(storage) if each[2] == running.job_id]
        assert (seen.job_id, len(heard)) == (running.job_id, 1 if seen.state == "running" else 0)
