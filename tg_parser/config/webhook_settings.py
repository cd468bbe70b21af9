"""Webhooks: where they may go, and how long an answer may take."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator

from tg_parser.config.groups import SettingsGroup, setting


def _networks(value: str) -> str:
    for each in value.split(","):
        if each.strip():
            ip_network(each.strip())
    return value


class WebhookSettings(SettingsGroup):
    """Webhooks. They go to public addresses over https; what is named here may also be private, or without TLS."""

    allowed_hosts: str = setting(
        "WEBHOOK_ALLOWED_HOSTS",
        "",
        "Host names that webhooks may go to wherever they lead, over http too, with commas.",
    )
    allowed_networks: Annotated[str, AfterValidator(_networks)] = setting(
        "WEBHOOK_ALLOWED_NETWORKS",
        "",
        "Networks that webhooks may go to although they are not public, as 10.1.0.0/16, with commas.",
    )
    timeout: float = setting(
        "WEBHOOK_TIMEOUT", 10.0, "Seconds that a receiver has to take a delivery and answer.", ge=1, le=60
    )
