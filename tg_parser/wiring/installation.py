"""Gathers the services that are used in the name of a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.services.scope import Installation
from tg_parser.wiring.webhooks import webhook_service

if TYPE_CHECKING:
    from tg_parser.services.jobs import JobService
    from tg_parser.wiring.app import App


def installation_of(app: App, jobs: JobService) -> Installation:
    """Return the services of an installation, without restrictions."""
    webhooks = webhook_service(app, jobs.look_now)
    return Installation(app.sources, jobs, app.reading, app.search, app.keys, webhooks, app.topic_edits)
