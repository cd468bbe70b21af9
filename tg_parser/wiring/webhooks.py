"""Builds webhooks for an application: the service, and the delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.config.api_settings import parts
from tg_parser.config.secrets import SecretBox
from tg_parser.services.webhook_delivery import SourceFailures, WebhookDelivery
from tg_parser.services.webhooks import WebhookService
from tg_parser.storage.stores.webhooks import WebhookStorage
from tg_parser.webhooks.addresses import AddressRules
from tg_parser.webhooks.sender import WebhookSender
from tg_parser.wiring.jobs import job_storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tg_parser.storage.stores.jobs import JobStorage
    from tg_parser.wiring.app import App

LOOK_SECONDS = 5.0
"""Interval in seconds between checks for failed sources."""


def webhook_service(app: App, look_now: Callable[[], None] = lambda: None) -> WebhookService:
    """Return the webhook service; `look_now` wakes a runner in this process."""
    return WebhookService(_storage(app, job_storage(app)), _rules(app), _box(app), look_now)


def webhook_delivery(app: App, jobs: JobStorage) -> WebhookDelivery:
    """Return what a worker uses to deliver webhooks."""
    sender = WebhookSender(_rules(app), app.settings.webhooks.timeout)
    return WebhookDelivery(_storage(app, jobs), sender, _box(app))


def source_failures(app: App) -> SourceFailures:
    """Return what notifies webhooks of failed sources."""
    return SourceFailures(app.shared.stores.sources, _storage(app, job_storage(app)))


def _storage(app: App, jobs: JobStorage) -> WebhookStorage:
    return WebhookStorage(app.shared.databases.processing, jobs.let_wait)


def _rules(app: App) -> AddressRules:
    settings = app.settings.webhooks
    return AddressRules(parts(settings.allowed_hosts), parts(settings.allowed_networks))


def _box(app: App) -> SecretBox:
    return SecretBox(app.settings.database.encryption_key_file)
