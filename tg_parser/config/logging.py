"""Logging with structlog to stderr, as text or JSON, with bound ids and without secrets."""

from __future__ import annotations

import codecs
import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import stamina
import structlog
from stamina.instrumentation import RetryDetails
from structlog.typing import Processor

from tg_parser.config.redaction import Redactor
from tg_parser.config.settings import LoggingSettings
from tg_parser.domain.errors import TgParserError

log = structlog.get_logger(__name__)

CHATTY = (
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "asyncio",
    "telethon",
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "openai",
    "anthropic",
    "google_genai",
    "pymorphy3",
    "pymorphy2",
    "uvicorn",
)
"""Libraries that only log warnings."""
WORTH_TELLING_SECONDS = 0.5
"""Shorter pauses before a retry are not worth a warning."""


def configure_logging(settings: LoggingSettings, secrets: Iterable[str] = ()) -> None:
    """Send all records, ours and the libraries', to stderr in one format, with the values in `secrets` masked."""
    _masking.clear()
    _masking.append(Redactor(secrets))
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masking[0],
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=not _is_utf8(sys.stderr))
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    handler.addFilter(_without_traceback)
    stamina.instrumentation.set_on_retry_hooks([tell_retry])
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _is_utf8(stream: TextIO) -> bool:
    """Return whether every character can be written, so that JSON needs no escapes."""
    return codecs.lookup(stream.encoding or "ascii").name == "utf-8"


def tell_retry(details: RetryDetails) -> None:
    """Log a retry: as a warning if people should know the reason, else for debugging."""
    cause = details.caused_by
    if isinstance(cause, TgParserError) and details.wait_for >= WORTH_TELLING_SECONDS:
        log.warning(f"{cause.message} Trying again in {details.wait_for:.0f} s.")
    else:
        log.debug("trying again", wait_for=details.wait_for, caused_by=f"{type(cause).__name__}: {cause}")


def _without_traceback(record: logging.LogRecord) -> bool:
    """Drop the tracebacks that the job queue logs for an unavailable server; one line says the same."""
    if record.name.startswith("procrastinate") and not logging.getLogger().isEnabledFor(logging.DEBUG):
        record.exc_info = record.exc_text = None
    return True


def masked(text: str) -> str:
    """Return `text` with the secrets known to `configure_logging` masked, for output that bypasses the log."""
    return _masking[0].text(text) if _masking else text


_masking: list[Redactor] = []
