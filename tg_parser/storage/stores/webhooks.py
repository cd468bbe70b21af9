"""Webhooks and their deliveries. Each change is stored in one transaction with its audit entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Update, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.errors import DeliveryNotFoundError, WebhookNotFoundError
from tg_parser.domain.jobs import DeliveryState, Job
from tg_parser.domain.keys import AuditEntry
from tg_parser.domain.webhooks import Delivery, Event, ReceiverAnswer, Verdict, Webhook
from tg_parser.storage.engine.transactions import Database, insert_rows
from tg_parser.storage.stores.keys import note_change
from tg_parser.storage.stores.webhook_outbox import add_deliveries, delivery_job, note_event_once
from tg_parser.storage.stores.webhook_rows import answer_values, delivery_of, row_of_webhook, webhook_of, with_keys
from tg_parser.storage.tables.jobs import jobs
from tg_parser.storage.tables.webhooks import webhook_deliveries, webhooks

_hook, _delivery = webhooks.c, webhook_deliveries.c

LetWait = Callable[[AsyncConnection, Sequence[Job]], Awaitable[None]]
"""Creates waiting jobs, in the transaction of the caller."""


class WebhookStorage:
    """The webhooks in the processing database; `let_wait` creates their jobs."""

    def __init__(self, database: Database, let_wait: LetWait) -> None:
        self._database = database
        self._let_wait = let_wait

    async def add(self, webhook: Webhook, entry: AuditEntry) -> None:
        """Store a new webhook."""

        async def add(conn: AsyncConnection) -> None:
            await insert_rows(self._database, conn, webhooks, [row_of_webhook(webhook)], key=("webhook_id",))
            await note_change(self._database, conn, entry)

        await self._database.write(add)

    async def get(self, webhook_id: str, now: datetime) -> Webhook:
        """Return a webhook. Raises WebhookNotFoundError."""
        row = await self._database.row(with_keys().where(_hook.webhook_id == webhook_id))
        if row is None:
            raise WebhookNotFoundError(webhook_id)
        return webhook_of(row, now)

    async def list(self, now: datetime) -> list[Webhook]:
        """Return the webhooks of the installation, oldest first, without those of single jobs."""
        ordered = with_keys().where(_hook.job_id.is_(None)).order_by(_hook.created_at, _hook.webhook_id)
        return [webhook_of(row, now) for row in await self._database.rows(ordered)]

    async def remove(self, webhook_id: str, entry: AuditEntry) -> None:
        """Delete a webhook with its deliveries. Raises WebhookNotFoundError."""

        async def remove(conn: AsyncConnection) -> None:
            if not (await conn.execute(delete(webhooks).where(_hook.webhook_id == webhook_id))).rowcount:
                raise WebhookNotFoundError(webhook_id)
            await note_change(self._database, conn, entry)

        await self._database.write(remove)

    async def set_secret(self, webhook_id: str, sealed: str, previous_until: datetime, entry: AuditEntry) -> None:
        """Replace the secret of a webhook; the old one also signs until then. Raises WebhookNotFoundError."""
        values = {"previous_sealed": _hook.secret_sealed, "previous_until": previous_until, "secret_sealed": sealed}
        await self._change(webhook_id, values, entry)

    async def enable(self, webhook_id: str, entry: AuditEntry) -> None:
        """Enable a webhook again. Raises WebhookNotFoundError."""
        await self._change(webhook_id, {"disabled_at": None, "disabled_reason": None}, entry)

    async def waiting(self, delivery_id: str, job_id: str, now: datetime) -> tuple[Delivery, Webhook] | None:
        """Return the delivery this job has to make; None if it was made, belongs to another job, or is gone."""
        mine = and_(_delivery.delivery_id == delivery_id, _delivery.job_id == job_id, _delivery.state == "waiting")
        row = await self._database.row(select(webhook_deliveries).where(mine))
        if row is None:
            return None
        delivery = delivery_of(row)
        return delivery, await self.get(delivery.webhook_id, now)

    async def note_answer(self, delivery: Delivery, answer: ReceiverAnswer, becomes: Verdict) -> None:
        """Store the result of an attempt, and disable the webhook if the receiver wants no more events."""
        mine = and_(_delivery.delivery_id == delivery.delivery_id, _delivery.job_id == delivery.job_id)
        change = update(webhook_deliveries).where(mine).values(attempts=_delivery.attempts + 1, **answer_values(answer))

        async def note(conn: AsyncConnection) -> None:
            await conn.execute(change.values(state=becomes.state, next_at=becomes.next_at))
            if becomes.disables:
                disabled = update(webhooks).where(_hook.webhook_id == delivery.webhook_id, _hook.disabled_at.is_(None))
                why = f"The receiver answered {answer.status}: it wants nothing any more."
                await conn.execute(disabled.values(disabled_at=answer.at, disabled_reason=why))

        await self._database.write(note)

    async def deliveries(
        self,
        *,
        limit: int,
        before: str | None = None,
        webhook_id: str | None = None,
        key_id: str | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> Sequence[Delivery]:
        """Return deliveries older than `before`, newest first, optionally of one webhook or one key."""
        found = select(webhook_deliveries).order_by(_delivery.delivery_id.desc()).limit(limit)
        if before is not None:
            found = found.where(_delivery.delivery_id < before)
        if webhook_id is not None:
            found = found.where(_delivery.webhook_id == webhook_id)
        if key_id is not None:
            found = found.join(webhooks, _hook.webhook_id == _delivery.webhook_id).where(_hook.key_id == key_id)
        if states:
            found = found.where(_delivery.state.in_(states))
        return [delivery_of(row) for row in await self._database.rows(found)]

    async def delivery(self, delivery_id: str) -> Delivery:
        """Return a delivery. Raises DeliveryNotFoundError."""
        row = await self._database.row(select(webhook_deliveries).where(_delivery.delivery_id == delivery_id))
        if row is None:
            raise DeliveryNotFoundError(delivery_id)
        return delivery_of(row)

    async def redeliver(self, delivery: Delivery, now: datetime, entry: AuditEntry) -> Delivery:
        """Queue a delivery again, with the same id and its earlier attempts."""
        job = delivery_job(delivery.delivery_id, delivery.webhook_id, now)
        change = update(webhook_deliveries).where(_delivery.delivery_id == delivery.delivery_id)

        async def again(conn: AsyncConnection) -> Delivery:
            values = {"state": "waiting", "attempts": 0, "next_at": None, "job_id": job.job_id}
            row = await _changed(conn, change.values(values))
            if row is None:
                raise DeliveryNotFoundError(delivery.delivery_id)
            await self._let_wait(conn, [job])
            await note_change(self._database, conn, entry)
            return delivery_of(row)

        return await self._database.write(again)

    async def tell(self, webhook: Webhook, delivery_id: str, event: Event, now: datetime, entry: AuditEntry) -> None:
        """Create a delivery of an event for one webhook, whatever it listens to."""

        async def tell(conn: AsyncConnection) -> None:
            made = await add_deliveries(self._database, conn, [(webhook, delivery_id)], event, now)
            await self._let_wait(conn, made)
            await note_change(self._database, conn, entry)

        await self._database.write(tell)

    async def tell_once(self, event: Event, now: datetime) -> None:
        """Create deliveries of an event for all webhooks that listen to it; repeating this changes nothing."""

        async def tell(conn: AsyncConnection) -> None:
            await self._let_wait(conn, await note_event_once(self._database, conn, event, now))

        await self._database.write(tell)

    async def delete_old(self, before: datetime) -> int:
        """Delete old finished deliveries, and webhooks of deleted jobs; return the number of deliveries."""
        old = and_(_delivery.created_at < before, _delivery.state != "waiting")
        orphaned = and_(_hook.job_id.is_not(None), _hook.job_id.not_in(select(jobs.c.job_id)))

        async def remove(conn: AsyncConnection) -> int:
            deleted = (await conn.execute(delete(webhook_deliveries).where(old))).rowcount
            await conn.execute(delete(webhooks).where(orphaned))
            return int(deleted)

        return await self._database.write(remove)

    async def _change(self, webhook_id: str, values: dict[str, Any], entry: AuditEntry) -> None:
        async def change(conn: AsyncConnection) -> None:
            changed = update(webhooks).where(_hook.webhook_id == webhook_id).values(values)
            if not (await conn.execute(changed)).rowcount:
                raise WebhookNotFoundError(webhook_id)
            await note_change(self._database, conn, entry)

        await self._database.write(change)


async def _changed(conn: AsyncConnection, change: Update) -> dict[str, Any] | None:
    row = (await conn.execute(change.returning(*webhook_deliveries.c))).mappings().first()
    return None if row is None else dict(row)
