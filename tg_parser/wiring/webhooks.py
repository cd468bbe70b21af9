"""Webhooks over an application: the service, and what delivers them."""

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
"""How often is looked whether a source has failed."""


def webhook_service(app: App, look_now: Callable[[], None] = lambda: None) -> WebhookService:
    """Webhooks as interfaces use them; `look_now` tells a runner in this process that something waits."""
    return WebhookService(_storage(app, job_storage(app)), _rules(app), _box(app), look_now)


def webhook_delivery(app: App, jobs: JobStorage) -> WebhookDelivery:
    """What a worker delivers webhooks with."""
    sender = WebhookSender(_rules(app), app.settings.webhooks.timeout)
    return WebhookDelivery(_storage(app, jobs), sender, _box(app))


def source_failures(app: App) -> SourceFailures:
    """What tells webhooks of sources that have failed."""
    return SourceFailures(app.shared.stores.sources, _storage(app, job_storage(app)))


def _storage(app: App, jobs: JobStorage) -> WebhookStorage:
    return WebhookStorage(app.shared.databases.processing, jobs.let_wait)


def _rules(app: App) -> AddressRules:
    settings = app.settings.webhooks
    return AddressRules(parts(settings.allowed_hosts), parts(settings.allowed_networks))


def _box(app: App) -> SecretBox:
    return SecretBox(app.settings.database.encryption_key_file)
