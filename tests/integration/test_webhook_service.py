"""Webhooks as interfaces use them: who may deal with which, what a delivery comes to, what the log says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from webhook_receiver import Receiver, Reply, verified

from tg_parser.config.secrets import SecretBox
from tg_parser.config.settings import Settings
from tg_parser.domain.errors import (
    AddressRefusedError,
    DeliveryDelayedError,
    DeliveryError,
    DeliveryNotFoundError,
    ForbiddenError,
    SettingsError,
    UsageError,
    WebhookNotFoundError,
)
from tg_parser.domain.jobs import QUEUES, Job
from tg_parser.domain.keys import Actor, Role
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.webhooks import Delivery, new_signing_secret
from tg_parser.observability import metrics
from tg_parser.services.jobs import Asking, JobService
from tg_parser.services.webhook_delivery import WebhookDelivery
from tg_parser.services.webhooks import WebhookService
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.storage.stores.webhooks import WebhookStorage
from tg_parser.webhooks.addresses import AddressRules
from tg_parser.webhooks.sender import WebhookSender
from tg_parser.wiring.app import App, open_app

PERSON = Actor("user me", "here")
RULES = AddressRules(networks=["127.0.0.0/8"])
DAY = timedelta(days=1)


class Clock:
    """Time that a test moves."""

    now = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """An installation with a receiver."""

    app: App
    jobs: JobStorage
    storage: WebhookStorage
    service: WebhookService
    delivery: WebhookDelivery
    receiver: Receiver
    clock: Clock
    box: SecretBox

    async def key(self, role: Role, *sources: str) -> Actor:
        fresh = await self.app.keys.create("k", role, PERSON, sources=sources or None)
        return Actor(fresh.key.key_id, "10.0.0.1", fresh.key)

    async def next_job(self, kind: str = "webhook") -> Job:
        found = await self.jobs.begin("w", datetime.now(UTC) + 2 * DAY, kinds=[kind])
        assert found is not None
        return found

    async def newest(self) -> Delivery:
        return (await self.service.deliveries(PERSON))[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
async def world(settings: Settings, receiver: Receiver, tmp_path: Path) -> AsyncIterator[World]:
    key_file = tmp_path / "key"
    key_file.write_bytes(Fernet.generate_key())
    box, clock = SecretBox(key_file), Clock()
    async with open_app(settings) as app:
        for name in ("one_channel", "two_channel"):
            await app.sources.add(SourceChange(source_id=name))
        jobs = JobStorage(app.shared.databases.processing)
        storage = WebhookStorage(app.shared.databases.processing, jobs.let_wait)
        service = WebhookService(storage, RULES, box, clock=clock)
        delivery = WebhookDelivery(storage, WebhookSender(RULES, 5), box, clock, lambda: 0)
        yield World(app, jobs, storage, service, delivery, receiver, clock, box)


async def test_a_webhook_is_tried_out(world: World) -> None:
    """The event arrives signed with the secret that was shown once, and the log has the answer."""
    fresh = await world.service.add(world.receiver.url, PERSON)
    ping = await world.service.ping(fresh.webhook.webhook_id, PERSON)
    world.receiver.plan = [Reply(200, body=b"thanks")]
    assert await world.delivery.deliver(await world.next_job()) == "delivered"
    (came,) = world.receiver.requests
    assert came.headers["webhook-id"] == ping.delivery_id
    assert came.event["type"] == "webhook.ping"
    assert came.event["data"] == {"webhook_id": fresh.webhook.webhook_id}
    assert verified(came, fresh.secret)
    kept = await world.newest()
    assert kept.answer is not None
    assert (kept.state, kept.attempts, kept.answer.status, kept.answer.body) == ("delivered", 1, 200, "thanks")
    assert fresh.secret not in repr(fresh)


async def test_attempts_are_counted(world: World) -> None:
    """By how the delivery stands then, with the time that the receiver took."""
    metrics.switch_on()
    try:
        fresh = await world.service.add(world.receiver.url, PERSON)
        await world.service.ping(fresh.webhook.webhook_id, PERSON)
        world.receiver.plan = [Reply(500)]
        job = await world.next_job()
        with pytest.raises(DeliveryDelayedError):
            await world.delivery.deliver(job)
        await world.delivery.deliver(job)
        shown = metrics.page().decode()
    finally:
        metrics.switch_off()
    assert 'tg_parser_webhook_attempts_total{state="waiting"} 1.0' in shown
    assert 'tg_parser_webhook_attempts_total{state="delivered"} 1.0' in shown
    assert "tg_parser_webhook_attempt_seconds_count 2.0" in shown


async def test_a_delivery_is_tried_until_it_is_taken(world: World) -> None:
    """The same id and body each time; between the attempts the job waits, as long as the receiver asks for."""
    fresh = await world.service.add(world.receiver.url, PERSON)
    await world.service.ping(fresh.webhook.webhook_id, PERSON)
    world.receiver.plan = [Reply(500), Reply(429, {"Retry-After": "600"})]
    job = await world.next_job()
    waits = []
    for _ in range(2):
        began = datetime.now(UTC)
        with pytest.raises(DeliveryDelayedError) as delayed:
            await world.delivery.deliver(job)
        waits.append((delayed.value.until - began).total_seconds())
    assert 5 <= waits[0] < 30
    assert 600 <= waits[1] < 630
    assert (await world.newest()).next_at == delayed.value.until
    assert await world.delivery.deliver(job) == "delivered"
    assert await world.delivery.deliver(job) == "nothing to deliver"
    assert len({each.headers["webhook-id"] for each in world.receiver.requests}) == 1
    assert len({each.body for each in world.receiver.requests}) == 1
    assert ((await world.newest()).attempts, len(world.receiver.requests)) == (3, 3)


async def test_what_is_refused_is_made_again_by_hand(world: World) -> None:
    """A final answer fails the delivery; a person puts the receiver right and makes it again, under the same id."""
    fresh = await world.service.add(world.receiver.url, PERSON)
    ping = await world.service.ping(fresh.webhook.webhook_id, PERSON)
    world.receiver.plan = [Reply(404, body=b"no such hook")]
    with pytest.raises(DeliveryError, match="answered 404"):
        await world.delivery.deliver(await world.next_job())
    assert (await world.newest()).state == "failed"
    again = await world.service.redeliver(ping.delivery_id, PERSON)
    assert (again.delivery_id, again.state) == (ping.delivery_id, "waiting")
    job = await world.jobs.get(again.job_id)
    assert await world.delivery.deliver(job) == "delivered"
    assert [each.headers["webhook-id"] for each in world.receiver.requests] == [ping.delivery_id] * 2


async def test_a_receiver_that_is_gone_is_left_alone_until_it_is_enabled(world: World) -> None:
    """410 disables: what waits fails without being sent, and what happens is not told."""
    fresh = await world.service.add(world.receiver.url, PERSON)
    webhook_id = fresh.webhook.webhook_id
    for _ in range(2):
        await world.service.ping(webhook_id, PERSON)
    world.receiver.plan = [Reply(410)]
    with pytest.raises(DeliveryError):
        await world.delivery.deliver(first := await world.next_job())
    await world.jobs.finish(first, "failed", world.clock.now)
    assert (await world.service.get(webhook_id, PERSON)).state == "disabled"
    with pytest.raises(DeliveryError, match="is disabled"):
        await world.delivery.deliver(await world.next_job())
    assert len(world.receiver.requests) == 1
    assert (await world.service.enable(webhook_id, PERSON)).state == "active"


async def test_both_secrets_sign_while_they_overlap(world: World) -> None:
    """Then the new one alone."""
    old = await world.service.add(world.receiver.url, PERSON)
    new = await world.service.rotate(old.webhook.webhook_id, PERSON, overlap=DAY)
    for _ in range(2):
        await world.service.ping(old.webhook.webhook_id, PERSON)
        job = await world.next_job()
        await world.delivery.deliver(job)
        await world.jobs.finish(job, "done", world.clock.now)
        world.clock.now += 2 * DAY
    overlapping, later = world.receiver.requests
    assert [verified(each, old.secret) for each in (overlapping, later)] == [True, False]
    assert verified(overlapping, new.secret)
    assert verified(later, new.secret)


async def test_a_webhook_whose_secret_cannot_be_opened_waits_for_its_operator(world: World, tmp_path: Path) -> None:
    """Nothing is sent unsigned; with the right key it goes on."""
    fresh = await world.service.add(world.receiver.url, PERSON)
    await world.service.ping(fresh.webhook.webhook_id, PERSON)
    other = tmp_path / "other"
    other.write_bytes(Fernet.generate_key())
    job = await world.next_job()
    for box in (SecretBox(other), SecretBox(None), SecretBox(tmp_path / "missing")):
        wrong = WebhookDelivery(world.storage, WebhookSender(RULES, 5), box)
        with pytest.raises(DeliveryDelayedError):
            await wrong.deliver(job)
    assert world.receiver.requests == []
    assert await world.delivery.deliver(job) == "delivered"


async def test_what_cannot_be_meant_is_not_added(world: World) -> None:
    """A wrong address, event or secret, and none at all without a key to seal with; nothing is kept of it."""
    for url in ("https://10.0.0.1/", "http://1.1.1.1/", "mailto:a@b"):
        with pytest.raises(AddressRefusedError):
            await world.service.add(url, PERSON)
    for events in ((), ("job.begun",)):
        with pytest.raises(UsageError, match="event"):
            await world.service.add(world.receiver.url, PERSON, events=events)
    with pytest.raises(UsageError, match="not a valid webhook secret"):
        await world.service.add(world.receiver.url, PERSON, secret="password")
    with pytest.raises(SettingsError, match="no key") as refused:
        await WebhookService(world.storage, RULES, SecretBox(None)).add(world.receiver.url, PERSON)
    assert refused.value.data["case"] == "no_sealing_key"
    assert await world.service.list(PERSON) == []


async def test_a_key_deals_with_its_own_webhooks(world: World) -> None:
    """An editor's with those that it made, an admin's without a limit with all; a reader's with none."""
    editor, other = await world.key("editor", "one_channel"), await world.key("editor")
    admin, limited = await world.key("admin"), await world.key("admin", "one_channel")
    own = (await world.service.add(world.receiver.url, editor)).webhook.webhook_id
    ping = await world.service.ping(own, editor)
    for by, seen in ((PERSON, 1), (editor, 1), (admin, 1), (other, 0), (limited, 0)):
        assert len(await world.service.list(by)) == seen
        assert len(await world.service.deliveries(by)) == seen
    calls: list[Any] = [world.service.get, world.service.remove, world.service.rotate, world.service.ping]
    for call in (*calls, world.service.enable):
        with pytest.raises(WebhookNotFoundError):
            await call(own, other)
    for call in (world.service.delivery, world.service.redeliver):
        with pytest.raises(DeliveryNotFoundError):
            await call(ping.delivery_id, other)
    with pytest.raises(WebhookNotFoundError):
        await world.service.deliveries(other, webhook_id=own)
    with pytest.raises(ForbiddenError):
        await world.service.list(await world.key("reader"))
    assert (await world.service.remove(own, admin)).webhook_id == own


async def test_a_webhook_of_a_key_that_ends_is_told_nothing_more(world: World) -> None:
    """Also what waited already."""
    editor = await world.key("editor")
    fresh = await world.service.add(world.receiver.url, editor)
    await world.service.ping(fresh.webhook.webhook_id, editor)
    await world.app.keys.revoke(editor.name, PERSON)
    world.clock.now = datetime.now(UTC)
    with pytest.raises(DeliveryError, match="expired or was revoked"):
        await world.delivery.deliver(await world.next_job())
    assert world.receiver.requests == []


async def test_a_job_tells_the_address_that_was_given_with_it(world: World) -> None:
    """Its end alone, signed with the secret of whoever asked."""
    service, secret = JobService(world.jobs, world.app.sources, lambda: None), new_signing_secret()
    own = await world.service.of_job(world.receiver.url, secret, PERSON)
    wanted = await service.submit("ingest", {"source": "one_channel"}, Asking(webhook=own))
    await service.submit("ingest", {"source": "two_channel"})
    for _ in range(2):
        await world.jobs.finish(await world.next_job("ingest"), "done", world.clock.now, result={"posts": 1})
    assert await world.delivery.deliver(await world.next_job()) == "delivered"
    (came,) = world.receiver.requests
    assert (came.event["type"], came.event["data"]["job_id"]) == ("job.done", wanted.job_id)
    assert came.event["data"]["result"] == {"posts": 1}
    assert verified(came, secret)
    assert await world.service.list(PERSON) == []


async def test_every_change_is_in_the_log(world: World) -> None:
    """Who, what, to what; never a secret, nor what stands behind the question mark of an address."""
    fresh = await world.service.add(f"{world.receiver.url}?token=abc", PERSON, events=["job.failed"])
    webhook_id = fresh.webhook.webhook_id
    await world.service.rotate(webhook_id, PERSON)
    ping = await world.service.ping(webhook_id, PERSON)
    await world.service.redeliver(ping.delivery_id, PERSON)
    await world.service.remove(webhook_id, PERSON)
    log = await world.app.keys.audit()
    assert {each.subject for each in log} == {webhook_id}
    assert {each.action.removeprefix("webhooks.") for each in log} == {"add", "rotate", "test", "redeliver", "remove"}
    assert fresh.secret not in str(log)
    assert "abc" not in str(log)


async def test_no_delivery_waits_behind_one_of_another_webhook(world: World) -> None:
    """One webhook is told one thing at a time; another's delivery begins meanwhile."""
    for _ in range(2):
        fresh = await world.service.add(world.receiver.url, PERSON)
        for _ in range(2):
            await world.service.ping(fresh.webhook.webhook_id, PERSON)
    locks = [(await world.next_job()).lock for _ in range(2)]
    assert len(set(locks)) == 2
    assert await world.jobs.begin("w", datetime.now(UTC) + DAY, kinds=QUEUES) is None


async def test_a_secret_may_be_given(world: World) -> None:
    """By who has one already; it is sealed as any other."""
    secret = new_signing_secret()
    fresh = await world.service.add(world.receiver.url, PERSON, secret=secret)
    assert fresh.secret == secret
    assert world.box.unseal(fresh.webhook.secret_sealed) == secret
    assert secret not in replace(fresh.webhook).secret_sealed
