"""Retries of requests to Telegram, by API or web: with growing pauses, a limited number of times."""

from __future__ import annotations

from collections.abc import AsyncIterator

import stamina

from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import SourceUnavailableError


def attempts(retry: RetrySettings) -> AsyncIterator[stamina.Attempt]:
    """Attempts, each a context manager that takes a SourceUnavailableError as a reason for the next one."""
    return stamina.retry_context(
        on=SourceUnavailableError,
        attempts=retry.max_attempts,
        timeout=None,
        wait_initial=retry.backoff_base,
        wait_max=retry.backoff_max,
        wait_jitter=retry.jitter * retry.backoff_base,
    )
