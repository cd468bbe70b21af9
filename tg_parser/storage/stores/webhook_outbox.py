"""Outbox of webhook deliveries, written in the transaction of the event: none is lost or sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.jobs import WEBHOOK, Job, new_job_id
from tg_parser.domain.webhooks import Delivery, Event, Webhook, job_event, new_delivery_id
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.stores.webhook_rows import row_of_delivery, row_of_webhook, webhook_of, with_keys
from tg_parser.storage.tables.webhooks import webhook_deliveries, webhooks

_delivery = webhook_deliveries.c
# Made once: every job that ends asks it.
_LISTENING = with_keys().where(
    webhooks.c.disabled_at.is_(None), or_(webhooks.c.job_id.is_(None), webhooks.c.job_id == bindparam("subject"))
)


async def note_end(database: Database, conn: AsyncConnection, job: Job, now: datetime) -> list[Job]:
    """Queue the deliveries about the end of a job; return the jobs that send them."""
    if job.kind == WEBHOOK:
        await _give_up(conn, job)
        return []
    event = job_event(job)
    return [] if event is None else await note_event(database, conn, event, now)


async def note_event(database: Database, conn: AsyncConnection, event: Event, now: datetime) -> list[Job]:
    """Queue the deliveries of an event; return the jobs that send them."""
    rows = (await conn.execute(_LISTENING, {"subject": event.subject})).mappings().all()
    wanting = [hook for hook in (webhook_of(dict(row), now) for row in rows) if hook.wants(event)]
    return await add_deliveries(database, conn, [(hook, new_delivery_id(now)) for hook in wanting], event, now)


async def note_event_once(database: Database, conn: AsyncConnection, event: Event, now: datetime) -> list[Job]:
    """The same for an event that may be noted a second time, which then changes nothing."""
    await database.dialect.claim(conn, [f"event:{event.type}:{event.subject}"])
    rows = (await conn.execute(with_keys().where(webhooks.c.job_id.is_(None)))).mappings().all()
    wanting = [hook for hook in (webhook_of(dict(row), now) for row in rows) if hook.wants(event)]
    named = {new_delivery_id(event.at, f"{hook.webhook_id} {event.subject}"): hook for hook in wanting}
    known = select(_delivery.delivery_id).where(database.dialect.any_of(_delivery.delivery_id, named))
    noted = set((await conn.execute(known)).scalars()) if named else set()
    fresh = [(hook, delivery_id) for delivery_id, hook in named.items() if delivery_id not in noted]
    return await add_deliveries(database, conn, fresh, event, now)


async def add_deliveries(
    database: Database, conn: AsyncConnection, wanted: list[tuple[Webhook, str]], event: Event, now: datetime
) -> list[Job]:
    """Keep a delivery of an event for each webhook, under its id; the jobs that make them."""
    jobs = [delivery_job(delivery_id, hook.webhook_id, now) for hook, delivery_id in wanted]
    rows = [
        row_of_delivery(
            Delivery(
                delivery_id=delivery_id,
                webhook_id=hook.webhook_id,
                event=event.type,
                subject=event.subject,
                body=event.body,
                created_at=now,
                job_id=job.job_id,
            )
        )
        for (hook, delivery_id), job in zip(wanted, jobs, strict=True)
    ]
    await insert_rows(database, conn, webhook_deliveries, rows, key=("delivery_id",))
    return jobs


async def add_to_job(database: Database, conn: AsyncConnection, webhook: Webhook, job_id: str) -> None:
    """Subscribe a webhook to the end of a job; each address is notified once, however often the job is requested."""
    same = select(webhooks.c.webhook_id).where(webhooks.c.job_id == job_id, webhooks.c.url == webhook.url)
    if await conn.scalar(same) is None:
        row = row_of_webhook(replace(webhook, job_id=job_id))
        await insert_rows(database, conn, webhooks, [row], key=("webhook_id",))


def delivery_job(delivery_id: str, webhook_id: str, now: datetime) -> Job:
    """Return the job that sends a delivery. A webhook gets one delivery at a time, however many workers are free."""
    return Job(
        job_id=new_job_id(now),
        kind=WEBHOOK,
        created_at=now,
        run_at=now,
        parameters={"delivery": delivery_id},
        lock=f"{WEBHOOK}:{webhook_id}",
    )


async def _give_up(conn: AsyncConnection, job: Job) -> None:
    """Mark a delivery as failed when its job ends without sending it, for example after killing two workers."""
    if job.state in {"failed", "cancelled"}:
        why = job.error.message if job.error else "The delivery was cancelled."
        lost = update(webhook_deliveries).where(_delivery.job_id == job.job_id, _delivery.state == "waiting")
        await conn.execute(lost.values(state="failed", next_at=None, answer_error=why))
