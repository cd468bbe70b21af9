"""Webhooks: addresses notified when a job ends or a source fails, and their deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictStr
from starlette.responses import Response

from tg_parser.api.answers import Cursor, Limit, answer, problems
from tg_parser.api.context import Caller, TheServices
from tg_parser.domain.jobs import DeliveryState
from tg_parser.domain.pages import PageRequest, cursor_of, id_in
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.domain.webhooks import EVENT_TYPES, EventType
from tg_parser.services.views.pages import Page
from tg_parser.services.views.webhooks import DeliveryView, ShownWebhook, WebhookView

router = APIRouter(tags=["webhooks"])

WebhookId = Annotated[str, Path(min_length=1, max_length=100, pattern=NO_NUL, description="Id of a webhook.")]
DeliveryId = Annotated[str, Path(min_length=1, max_length=100, pattern=NO_NUL, description="Id of a delivery.")]
_LIST = "deliveries"


class NewWebhook(BaseModel):
    """An address to send events to."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"url": "https://example.org/hook", "events": ["job.failed"]}]}
    )

    url: StrictStr = Field(min_length=1, max_length=2000, pattern=NO_NUL, description="https://host/path")
    events: list[EventType] = Field(default_factory=lambda: list(EVENT_TYPES), min_length=1)


class NewSecret(BaseModel):
    """How to rotate the secret of a webhook."""

    model_config = ConfigDict(extra="forbid")

    overlap_days: Annotated[StrictFloat, Field(ge=0, le=366)] = Field(
        default=1, description="Days for which the old secret also signs."
    )


@router.get("/webhooks", operation_id="listWebhooks", response_model=Page[WebhookView], responses=problems())
async def list_webhooks(caller: Caller, services: TheServices) -> Response:
    """List the webhooks that the caller may manage, oldest first."""
    found = await services.installation.webhooks.list(caller.actor)
    return answer(Page[WebhookView](items=tuple(map(WebhookView.copied_from, found))))


@router.post(
    "/webhooks",
    operation_id="addWebhook",
    status_code=201,
    response_model=ShownWebhook,
    responses=problems(409, body=True),
)
async def add_webhook(caller: Caller, services: TheServices, new: NewWebhook) -> Response:
    """Send events to an address from now on. The signing secret is only contained in this response."""
    fresh = await services.installation.webhooks.add(new.url, caller.actor, events=new.events)
    location = f"/api/v1/webhooks/{fresh.webhook.webhook_id}"
    return answer(ShownWebhook.of(fresh), 201, {"Location": location})


@router.get("/webhooks/{webhook_id}", operation_id="getWebhook", response_model=WebhookView, responses=problems(404))
async def get_webhook(caller: Caller, services: TheServices, webhook_id: WebhookId) -> Response:
    """Return a webhook."""
    return answer(WebhookView.copied_from(await services.installation.webhooks.get(webhook_id, caller.actor)))


@router.delete(
    "/webhooks/{webhook_id}", operation_id="removeWebhook", response_model=WebhookView, responses=problems(404)
)
async def remove_webhook(caller: Caller, services: TheServices, webhook_id: WebhookId) -> Response:
    """Remove a webhook and its deliveries."""
    return answer(WebhookView.copied_from(await services.installation.webhooks.remove(webhook_id, caller.actor)))


@router.post(
    "/webhooks/{webhook_id}/rotate",
    operation_id="rotateWebhook",
    response_model=ShownWebhook,
    responses=problems(404, 409, body=True),
)
async def rotate_webhook(caller: Caller, services: TheServices, webhook_id: WebhookId, wanted: NewSecret) -> Response:
    """Give a webhook a new secret, only contained in this response; for a while both secrets sign."""
    overlap = timedelta(days=wanted.overlap_days)
    fresh = await services.installation.webhooks.rotate(webhook_id, caller.actor, overlap=overlap)
    return answer(ShownWebhook.of(fresh))


@router.post(
    "/webhooks/{webhook_id}/enable",
    operation_id="enableWebhook",
    response_model=WebhookView,
    responses=problems(404, 409),
)
async def enable_webhook(caller: Caller, services: TheServices, webhook_id: WebhookId) -> Response:
    """Enable a webhook that was disabled because its receiver had answered 410 Gone."""
    return answer(WebhookView.copied_from(await services.installation.webhooks.enable(webhook_id, caller.actor)))


@router.post(
    "/webhooks/{webhook_id}/ping",
    operation_id="pingWebhook",
    status_code=202,
    response_model=DeliveryView,
    responses=problems(404, 409),
)
async def ping_webhook(caller: Caller, services: TheServices, webhook_id: WebhookId) -> Response:
    """Send a test event to a webhook."""
    return answer(DeliveryView.of(await services.installation.webhooks.ping(webhook_id, caller.actor)), 202)


@router.get("/deliveries", operation_id="listDeliveries", response_model=Page[DeliveryView], responses=problems(404))
async def list_deliveries(
    caller: Caller,
    services: TheServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    webhook: Annotated[
        str | None, Query(max_length=100, pattern=NO_NUL, description="Only deliveries to this webhook.")
    ] = None,
    state: Annotated[list[DeliveryState] | None, Query(description="Only deliveries in these states.")] = None,
) -> Response:
    """List deliveries with their outcomes, newest first."""
    page, states = PageRequest(limit, cursor), tuple(sorted(set(state or ())))
    of = (_LIST, webhook, states)
    before = id_in(page.cursor, *of)
    found = await services.installation.webhooks.deliveries(
        caller.actor, limit=page.limit + 1, before=before, webhook_id=webhook, states=states
    )
    shown = found[: page.limit]
    end = cursor_of((shown[-1].delivery_id,), *of) if len(found) > page.limit else None
    return answer(Page[DeliveryView](items=tuple(map(DeliveryView.of, shown)), next_cursor=end))


@router.get(
    "/deliveries/{delivery_id}", operation_id="getDelivery", response_model=DeliveryView, responses=problems(404)
)
async def get_delivery(caller: Caller, services: TheServices, delivery_id: DeliveryId) -> Response:
    """Return a delivery."""
    return answer(DeliveryView.of(await services.installation.webhooks.delivery(delivery_id, caller.actor)))


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    operation_id="redeliver",
    status_code=202,
    response_model=DeliveryView,
    responses=problems(404, 409),
)
async def redeliver(caller: Caller, services: TheServices, delivery_id: DeliveryId) -> Response:
    """Repeat a delivery under the same id, whatever its outcome was."""
    return answer(DeliveryView.of(await services.installation.webhooks.redeliver(delivery_id, caller.actor)), 202)
