"""Webhooks and their deliveries; only one view contains a secret."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from tg_parser.domain.jobs import DeliveryState
from tg_parser.domain.webhooks import WebhookState
from tg_parser.services.views.base import View

if TYPE_CHECKING:
    from tg_parser.domain.webhooks import Delivery
    from tg_parser.services.webhooks import FreshWebhook


class WebhookView(View):
    """A webhook. `key_id` is the key it was added with, if any; the old secret signs too until `previous_until`."""

    webhook_id: str
    url: str
    events: tuple[str, ...]
    state: WebhookState
    key_id: str | None
    created_at: datetime
    previous_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


class ShownWebhook(View):
    """A webhook that was just added or rotated, with its secret, which is shown only once."""

    webhook: WebhookView
    secret: str

    @classmethod
    def of(cls, fresh: FreshWebhook) -> Self:
        """Return the view of a webhook with its secret."""
        return cls(webhook=WebhookView.copied_from(fresh.webhook), secret=fresh.secret)


class WebhookList(View):
    """`webhooks list`, oldest first."""

    webhooks: tuple[WebhookView, ...]


class AnswerView(View):
    """Outcome of the last attempt: status and beginning of the answer, or why there was none."""

    at: datetime
    seconds: float
    status: int | None
    body: str | None
    error: str | None


class DeliveryView(View):
    """An event for a webhook; `subject` is the job or source it is about, `next_at` the time of the next attempt."""

    delivery_id: str
    webhook_id: str
    event: str
    subject: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    answer: AnswerView | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return the view of a delivery."""
        return cls.copied_from(delivery)


class DeliveryList(View):
    """`webhooks deliveries`, newest first."""

    deliveries: tuple[DeliveryView, ...]
