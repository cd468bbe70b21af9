"""The result of a check."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from tg_parser.domain.errors import TgParserError

FindingStatus = Literal["ok", "warning", "failed", "skipped"]
CheckName = Literal[
    "settings", "disk", "clock", "database", "migrations", "session", "model", "api keys", "worker", "backup"
]
CHECK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. As in a TgParserError, a `case` in `data` lets each interface give its own hint."""

    check: CheckName
    status: FindingStatus
    message: str
    hint: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def advised(check: CheckName, status: FindingStatus, message: str, *, case: str) -> Finding:
    """Return a finding whose hint each interface words itself."""
    return Finding(check, status, message, data={"case": case})


async def examine(check: CheckName, look: Callable[[], Awaitable[Finding]]) -> Finding:
    """Return the finding of `look`; an error, or no result within a minute, is a failure."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await look()
    except TimeoutError:
        return Finding(check, "failed", f"The check did not finish within {CHECK_SECONDS:g} seconds.")
    except TgParserError as error:
        return failure(check, error)


def failure(check: CheckName, error: TgParserError) -> Finding:
    """Convert `error` to a finding."""
    return Finding(check, "failed", error.message, error.hint, error.data)


def skipped(checks: Iterable[CheckName], why: str) -> list[Finding]:
    """Return the findings of checks that could not be made."""
    return [Finding(check, "skipped", why) for check in checks]


def worst(findings: Iterable[Finding]) -> Literal["ok", "warning", "failed"]:
    """Return the status of all findings together."""
    statuses = {each.status for each in findings}
    return "failed" if "failed" in statuses else "warning" if "warning" in statuses else "ok"
