"""Settings of webhooks: allowed addresses and the timeout."""

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
    """Webhooks. By default they only go to public addresses over https"""

    allowed_hosts: str = setting(
        "WEBHOOK_ALLOWED_HOSTS",
        "",
        "Host names that webhooks may always be sent to, even at private addresses or over http, separated by commas.",
    )
    allowed_networks: Annotated[str, AfterValidator(_networks)] = setting(
        "WEBHOOK_ALLOWED_NETWORKS",
        "",
        "Non-public networks that webhooks may be sent to, such as 10.1.0.0/16, separated by commas.",
    )
    timeout: float = setting(
        "WEBHOOK_TIMEOUT", 10.0, "Seconds a receiver has to accept a delivery and answer.", ge=1, le=60
    )
