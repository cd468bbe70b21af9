"""Converts webhooks and deliveries to rows of their tables, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from tg_parser.domain.keys import ApiKey
from tg_parser.domain.storable import storable
from tg_parser.domain.webhooks import Delivery, ReceiverAnswer, Webhook
from tg_parser.storage.tables.keys import api_keys
from tg_parser.storage.tables.webhooks import webhooks

Row = Mapping[str, Any]
_OF_KEY = ("sources_json", "expires_at", "revoked_at")


def with_keys() -> Select[*tuple[Any, ...]]:
    """Select webhooks with the data that decides whether their keys are valid."""
    of_key = (api_keys.c[name].label(f"key_{name}") for name in _OF_KEY)
    return select(webhooks, *of_key).outerjoin(api_keys, api_keys.c.key_id == webhooks.c.key_id)


def webhook_of(row: Row, now: datetime) -> Webhook:
    """Return the webhook for a row of `with_keys`, at the time `now`."""
    facts = {name: row[name] for name in webhooks.c.keys() if name != "events_json"}  # noqa: SIM118 - columns
    sources, expires_at, revoked_at = (row[f"key_{name}"] for name in _OF_KEY)
    key = ApiKey("", "", "reader", "", now, expires_at=expires_at, revoked_at=revoked_at)
    return Webhook(
        events=tuple(row["events_json"]),
        key_sources=None if sources is None else frozenset(sources),
        key_valid=key.key_state(now) == "valid",
        **facts,
    )


def row_of_webhook(webhook: Webhook) -> dict[str, Any]:
    """Return the row of a new webhook."""
    facts = {name: getattr(webhook, name) for name in webhooks.c.keys() if name != "events_json"}  # noqa: SIM118
    return {**facts, "events_json": list(webhook.events)}


def delivery_of(row: Row) -> Delivery:
    """Return the delivery for a row."""
    answer = None
    if row["answered_at"] is not None:
        answer = ReceiverAnswer(
            at=row["answered_at"],
            seconds=row["answer_seconds"],
            status=row["answer_status"],
            body=row["answer_body"],
            error=row["answer_error"],
        )
    facts = ("delivery_id", "webhook_id", "event", "subject", "body", "created_at", "job_id", "state", "attempts")
    return Delivery(**{name: row[name] for name in facts}, next_at=row["next_at"], answer=answer)


def row_of_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return the row of a new delivery."""
    return {
        "delivery_id": delivery.delivery_id,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "subject": storable(delivery.subject),
        "body": delivery.body,
        "created_at": delivery.created_at,
        "job_id": delivery.job_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
    }


def answer_values(answer: ReceiverAnswer) -> dict[str, Any]:
    """Return the columns of the last answer."""
    return {
        "answered_at": answer.at,
        "answer_seconds": answer.seconds,
        "answer_status": answer.status,
        "answer_body": None if answer.body is None else storable(answer.body),
        "answer_error": None if answer.error is None else storable(answer.error),
    }
