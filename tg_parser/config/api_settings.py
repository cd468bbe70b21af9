"""Settings of the HTTP API: address, access, rate limits and request sizes."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr

from tg_parser.config.groups import SettingsGroup, readable_by, setting

_RATE = "a number per second, minute, hour or day, such as 600/minute"
_PER_TIME = r"^[1-9]\d{0,8}/(second|minute|hour|day)$"


def _networks(value: str) -> str:
    for each in parts(value):
        ip_network(each)
    return value


def _redis(value: str) -> None:
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it must start with redis://, rediss:// or unix://")


class ApiSettings(SettingsGroup):
    """The HTTP API."""

    host: str = setting("API_HOST", "127.0.0.1", "Address the API listens on.", min_length=1)
    port: int = setting("API_PORT", 8000, "Port the API listens on; 0 takes a free one.", ge=0, le=65_535)
    key_required: bool = setting("API_KEY_REQUIRED", False, "Require an API key for all requests except /health/live.")
    cors_origins: str = setting(
        "CORS_ORIGINS",
        "",
        "Web sites whose pages may call the API, separated by commas; empty for none.",
        pattern=r"^$|^https?://[^\s,/*]+(\s*,\s*https?://[^\s,/*]+)*$",
        form="https://name without a path, separated by commas",
    )
    allowed_hosts: str = setting(
        "API_ALLOWED_HOSTS",
        "",
        "Host names accepted by the API, separated by commas; by default any with keys, only this machine's without.",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = setting(
        "TRUSTED_PROXIES",
        "",
        "Addresses or networks of proxies whose X-Forwarded-For and -Proto headers are trusted, separated by commas.",
    )
    max_body: int = setting(
        "API_MAX_BODY_BYTES", 1_048_576, "Maximum size of a request body, bytes.", ge=1024, le=104_857_600
    )
    body_timeout: float = setting(
        "API_BODY_TIMEOUT", 30.0, "Seconds a client has to send the body of a request.", ge=1, le=600
    )
    head_timeout: float = setting(
        "API_HEADER_TIMEOUT", 10.0, "Seconds a client has to send the headers of a request.", ge=1, le=600
    )
    send_timeout: float = setting(
        "API_SEND_TIMEOUT", 60.0, "Seconds after which a client that does not read is disconnected.", ge=1, le=3600
    )
    grace: float = setting(
        "API_GRACE_SECONDS", 5.0, "Seconds that open requests have to finish when the API is stopped.", ge=0, le=600
    )
    most_streams: int = setting(
        "API_MAX_STREAMS", 2000, "Maximum number of open event streams; further ones are refused.", ge=1, le=100_000
    )


class RateLimitSettings(SettingsGroup):
    """Rate limits of the API."""

    enabled: bool = setting("RATE_LIMIT_ENABLED", True, "Limit how often the API may be called.")
    per_key: str = setting("RATE_LIMIT_PER_KEY", "1200/minute", "Requests per key.", pattern=_PER_TIME, form=_RATE)
    per_address: str = setting(
        "RATE_LIMIT_PER_ADDRESS", "2400/minute", "Requests per address.", pattern=_PER_TIME, form=_RATE
    )
    failed_keys: str = setting(
        "RATE_LIMIT_FAILED_KEYS",
        "20/minute",
        "Requests with a wrong key per address.",
        pattern=_PER_TIME,
        form=_RATE,
    )
    redis_url: Annotated[SecretStr | None, readable_by(_redis)] = setting(
        "REDIS_URL", None, "Redis or Valkey for limits shared by several API processes; unset, each has its own limits."
    )
    without_redis: Literal["count", "refuse"] = setting(
        "RATE_LIMIT_WITHOUT_REDIS",
        "count",
        "While REDIS_URL does not respond: `count` per process, or `refuse` requests with 503.",
    )


def parts(value: str) -> tuple[str, ...]:
    """Split a setting at its commas."""
    return tuple(each.strip() for each in value.split(",") if each.strip())
