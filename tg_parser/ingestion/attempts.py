"""Every attempt to collect a source is recorded with its outcome, which decides the status of the source."""

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
    """An attempt under way; `source` may become known, or another, only during it; without one it is not recorded."""

    source: Source | None


@asynccontextmanager
async def recorded_attempt(
    storage: IngestionStorage, source: Source | None, counts: Counter[str], *, live: bool
) -> AsyncIterator[OpenAttempt]:
    """Record what the block does; an error is recorded, then raised.

    A source that is read `live` fails by a final error until it is resumed or succeeds; a file may just be a wrong one.
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
    """The error's class as all parts of the program know it: an adapter's own kinds count as what they refine."""
    return next(each.__name__ for each in type(error).__mro__ if each.__name__ in errors.__all__)


def _status_after(error: TgParserError | None) -> SourceStatus | None:
    if error is None:
        return "active"
    return None if error.retryable else "error"
