"""Records every attempt to collect a source with its outcome, which decides the source's status."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tg_parser.domain import errors
from tg_parser.domain.errors import RateLimitedError, TgParserError
from tg_parser.domain.sources import Attempt, Source, SourceStatus
from tg_parser.domain.utc_time import utc_now
from tg_parser.observability import metrics
from tg_parser.storage.stores.sources import IngestionStorage


@dataclass(slots=True)
class OpenAttempt:
    """A running attempt. `source` may be set or replaced while it runs; an attempt without a source is not recorded."""

    source: Source | None


@asynccontextmanager
async def recorded_attempt(
    storage: IngestionStorage, source: Source | None, counts: Counter[str], *, live: bool
) -> AsyncIterator[OpenAttempt]:
    """Record the outcome of the block; an error is recorded and raised again.

    If the source is read `live`, a permanent error sets its status to `error` until it is resumed or succeeds. An error
    in a file does not, because the file may just be the wrong one.
    """
    attempt, started = OpenAttempt(source), utc_now()

    async def record(error: TgParserError | None) -> None:
        if attempt.source is None:
            return
        source_id = attempt.source.source_id
        outcome = Attempt(
            source_id=source_id,
            started_at=started,
            finished_at=utc_now(),
            success=error is None,
            error_class=_known_class(error) if error else None,
            error_message=error.message if error else None,
            counts=dict(counts),
        )
        await storage.record_attempt(outcome, _status_after(error) if live else None)
        if outcome.error_class is not None:
            metrics.count_failure("collect", outcome.error_class)
        if isinstance(error, RateLimitedError):
            await storage.set_rate_limit(source_id, error.until, utc_now())

    try:
        yield attempt
    except TgParserError as error:
        await record(error)
        raise
    await record(None)


def _known_class(error: TgParserError) -> str:
    """The name of the nearest class in domain.errors; an adapter's subclasses count as the class they extend."""
    return next(each.__name__ for each in type(error).__mro__ if each.__name__ in errors.__all__)


def _status_after(error: TgParserError | None) -> SourceStatus | None:
    if error is None:
        return "active"
    return None if error.retryable else "error"
