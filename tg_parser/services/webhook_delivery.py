"""Delivers webhooks, one attempt at a time, until the receiver accepts or the delivery is given up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from tg_parser.config.secrets import SecretBox
from tg_parser.domain.errors import DeliveryDelayedError, DeliveryError, SettingsError
from tg_parser.domain.jobs import Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.domain.webhooks import Delivery, FailedSource, ReceiverAnswer, Webhook, source_event, verdict
from tg_parser.observability import metrics
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.webhooks import WebhookStorage
from tg_parser.webhooks.sender import WebhookSender

log = structlog.get_logger(__name__)

_NOT_TOLD = {
    "disabled": "The webhook is disabled.",
    "key_ended": "The key that the webhook was added with has expired or was revoked.",
}


class WebhookDelivery:
    """Runs delivery jobs, and deletes old deliveries."""

    def __init__(
        self,
        storage: WebhookStorage,
        sender: WebhookSender,
        box: SecretBox,
        clock: Callable[[], datetime] = utc_now,
        share: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._sender = sender
        self._box = box
        self._clock = clock
        self._share = share

    async def deliver(self, job: Job) -> str:
        """Make one attempt and return the delivery's new state. Raises DeliveryDelayedError, DeliveryError."""
        waiting = await self._storage.waiting(job.parameters["delivery"], job.job_id, self._clock())
        if waiting is None:
            return "nothing to deliver"
        delivery, webhook = waiting
        answer = await self._attempt(delivery, webhook)
        becomes = verdict(answer, delivery.attempts + 1, self._share())
        await self._storage.note_answer(delivery, answer, becomes)
        metrics.count_delivery(becomes.state, answer.seconds)
        log.info("webhook", delivery_id=delivery.delivery_id, state=becomes.state, status=answer.status)
        if becomes.state == "delivered":
            return becomes.state
        why = answer.error or f"The receiver answered {answer.status}."
        if becomes.next_at is not None:
            raise DeliveryDelayedError(why, becomes.next_at)
        raise DeliveryError(why, case="webhook_refused", delivery_id=delivery.delivery_id)

    async def delete_old(self, days: int) -> int:
        """Delete finished deliveries created more than `days` days ago; return their number."""
        return await self._storage.delete_old(self._clock() - timedelta(days=days))

    async def _attempt(self, delivery: Delivery, webhook: Webhook) -> ReceiverAnswer:
        if webhook.state != "active":
            return ReceiverAnswer(self._clock(), 0.0, error=_NOT_TOLD[webhook.state], final=True)
        try:
            secrets = tuple(self._secrets(webhook))
        except SettingsError as error:
            # An operator has to fix this, which takes some time.
            return ReceiverAnswer(self._clock(), 0.0, error=error.message)
        return await self._sender.send(delivery, webhook.url, secrets)

    def _secrets(self, webhook: Webhook) -> Iterator[str]:
        yield self._box.unseal(webhook.secret_sealed)
        if webhook.previous_sealed and webhook.previous_until and webhook.previous_until > self._clock():
            yield self._box.unseal(webhook.previous_sealed)


class SourceFailures:
    """Notifies webhooks of failed sources: first the deliveries are created, then the failure is marked as reported."""

    def __init__(
        self, sources: IngestionStorage, webhooks: WebhookStorage, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._sources = sources
        self._webhooks = webhooks
        self._clock = clock

    async def tell(self) -> None:
        """Report all failures not yet reported; any number of workers may call this."""
        for failure in await self._sources.untold_failures():
            told = FailedSource(
                source_id=failure.source_id,
                channel_id=failure.channel_id,
                error=failure.error_class,
                message=failure.error_message,
            )
            await self._webhooks.tell_once(source_event(told, failure.failed_at), self._clock())
            await self._sources.failure_told(failure)
