"""Webhooks: add, list, remove, rotate the secret, test; list deliveries and repeat them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tg_parser.config.secrets import SecretBox
from tg_parser.domain.errors import DeliveryNotFoundError, UsageError, WebhookNotFoundError
from tg_parser.domain.jobs import DeliveryState
from tg_parser.domain.keys import Actor, entry_of, may, require
from tg_parser.domain.utc_time import iso_z, utc_now
from tg_parser.domain.webhooks import (
    EVENT_TYPES,
    Delivery,
    Webhook,
    facts_of,
    new_delivery_id,
    new_signing_secret,
    new_webhook_id,
    ping_event,
    require_signing_secret,
)
from tg_parser.storage.stores.webhooks import WebhookStorage
from tg_parser.webhooks.addresses import AddressRules

DEFAULT_OVERLAP = timedelta(days=1)
"""How long the previous secret also signs after a rotation, so that the receiver can be given the new one."""
_JOB_EVENTS = ("job.done", "job.failed")


@dataclass(frozen=True, slots=True)
class FreshWebhook:
    """A webhook with its secret, available only once."""

    webhook: Webhook
    secret: str = field(repr=False)


class WebhookService:
    """Manages webhooks. An actor with a key needs the role editor and manages the key's own webhooks; an unlimited
    admin key manages all."""

    def __init__(
        self,
        storage: WebhookStorage,
        rules: AddressRules,
        box: SecretBox,
        look_now: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._storage = storage
        self._rules = rules
        self._box = box
        self._look_now = look_now
        self._clock = clock

    async def add(
        self, url: str, by: Actor, *, events: Sequence[str] = EVENT_TYPES, secret: str | None = None
    ) -> FreshWebhook:
        """Send events to `url` from now on. Raises AddressRefusedError, HostNotFoundError, UsageError, SettingsError,
        ForbiddenError."""
        wanted = _known(events)
        fresh = await self._made(url, by, wanted, secret or new_signing_secret())
        webhook = fresh.webhook
        entry = entry_of(by, "webhooks.add", webhook.webhook_id, webhook.created_at, facts_of(webhook))
        await self._storage.add(webhook, entry)
        return fresh

    async def of_job(self, url: str, secret: str, by: Actor) -> Webhook:
        """Return a webhook for one job that is about to be submitted (see Asking). Raises as `add`."""
        return (await self._made(url, by, _JOB_EVENTS, secret)).webhook

    async def list(self, by: Actor) -> Sequence[Webhook]:
        """Return the webhooks that `by` may manage, oldest first. Raises ForbiddenError."""
        _require_role(by)
        return [each for each in await self._storage.list(self._clock()) if _reaches(by, each)]

    async def get(self, webhook_id: str, by: Actor) -> Webhook:
        """Return a webhook. Raises WebhookNotFoundError, ForbiddenError."""
        _require_role(by)
        webhook = await self._storage.get(webhook_id, self._clock())
        if not _reaches(by, webhook):
            raise WebhookNotFoundError(webhook_id)
        return webhook

    async def remove(self, webhook_id: str, by: Actor) -> Webhook:
        """Remove a webhook and its deliveries. Raises as `get`."""
        webhook = await self.get(webhook_id, by)
        entry = entry_of(by, "webhooks.remove", webhook_id, self._clock(), facts_of(webhook))
        await self._storage.remove(webhook_id, entry)
        return webhook

    async def rotate(
        self, webhook_id: str, by: Actor, *, overlap: timedelta = DEFAULT_OVERLAP, secret: str | None = None
    ) -> FreshWebhook:
        """Give a webhook a new secret; both sign for `overlap`. Raises as `get`, UsageError, SettingsError."""
        await self.get(webhook_id, by)
        now, fresh = self._clock(), require_signing_secret(secret or new_signing_secret())
        entry = entry_of(by, "webhooks.rotate", webhook_id, now, {"previous_until": iso_z(now + overlap)})
        await self._storage.set_secret(webhook_id, self._box.seal(fresh), now + overlap, entry)
        return FreshWebhook(await self._storage.get(webhook_id, now), fresh)

    async def enable(self, webhook_id: str, by: Actor) -> Webhook:
        """Enable a webhook that was disabled because its receiver had answered 410 Gone. Raises as `get`."""
        await self.get(webhook_id, by)
        now = self._clock()
        await self._storage.enable(webhook_id, entry_of(by, "webhooks.enable", webhook_id, now, {}))
        return await self._storage.get(webhook_id, now)

    async def ping(self, webhook_id: str, by: Actor) -> Delivery:
        """Create a delivery of a test event. Raises as `get`."""
        webhook, now = await self.get(webhook_id, by), self._clock()
        delivery_id = new_delivery_id(now)
        entry = entry_of(by, "webhooks.test", webhook_id, now, {"delivery_id": delivery_id})
        await self._storage.tell(webhook, delivery_id, ping_event(webhook_id, now), now, entry)
        self._look_now()
        return await self._storage.delivery(delivery_id)

    async def deliveries(
        self,
        by: Actor,
        *,
        limit: int = 50,
        before: str | None = None,
        webhook_id: str | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> Sequence[Delivery]:
        """Return deliveries older than `before`, newest first. Raises as `get`."""
        _require_role(by)
        if webhook_id is not None:
            await self.get(webhook_id, by)
        own = None if by.key is None or _sees_all(by) else by.key.key_id
        return await self._storage.deliveries(
            limit=limit, before=before, webhook_id=webhook_id, key_id=own, states=states
        )

    async def delivery(self, delivery_id: str, by: Actor) -> Delivery:
        """Return a delivery. Raises DeliveryNotFoundError, ForbiddenError."""
        delivery = await self._storage.delivery(delivery_id)
        try:
            await self.get(delivery.webhook_id, by)
        except WebhookNotFoundError:
            raise DeliveryNotFoundError(delivery_id) from None
        return delivery

    async def redeliver(self, delivery_id: str, by: Actor) -> Delivery:
        """Repeat a delivery under the same id, whatever its outcome was. Raises as `delivery`."""
        delivery, now = await self.delivery(delivery_id, by), self._clock()
        entry = entry_of(by, "webhooks.redeliver", delivery.webhook_id, now, {"delivery_id": delivery_id})
        again = await self._storage.redeliver(delivery, now, entry)
        self._look_now()
        return again

    async def _made(self, url: str, by: Actor, events: Sequence[str], secret: str) -> FreshWebhook:
        _require_role(by)
        require_signing_secret(secret)
        sealed = self._box.seal(secret)
        await self._rules.require_allowed(url)
        webhook = Webhook(
            webhook_id=new_webhook_id(),
            url=url,
            events=tuple(events),
            secret_sealed=sealed,
            created_at=self._clock(),
            key_id=None if by.key is None else by.key.key_id,
        )
        return FreshWebhook(webhook, secret)


def _known(events: Sequence[str]) -> tuple[str, ...]:
    if not events or (unknown := sorted(set(events) - set(EVENT_TYPES))):
        shown = f"{unknown[0]!r} is not an event" if events else "A webhook needs at least one event"
        raise UsageError(f"{shown}.", f"Choose from: {', '.join(EVENT_TYPES)}.")
    return tuple(each for each in EVENT_TYPES if each in events)


def _require_role(by: Actor) -> None:
    if by.key is not None:
        require(by.key, "work")


def _sees_all(by: Actor) -> bool:
    return by.key is None or (may(by.key.role, "administer") and by.key.sources is None)


def _reaches(by: Actor, webhook: Webhook) -> bool:
    return _sees_all(by) or (by.key is not None and webhook.key_id == by.key.key_id)
