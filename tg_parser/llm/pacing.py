"""How fast a provider may be asked, pure: how many calls at once, in which rhythm, and what its answers say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

WIDE_OPEN = float("inf")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_FULL_WINDOW = 1000.0


def widened(window: float) -> float:
    """Calls at once after one that went well: one more for each round of calls. No limit stays none."""
    grown = window + 1 / window
    return grown if grown < _FULL_WINDOW else WIDE_OPEN


def narrowed(window: float, running: int) -> float:
    """Calls at once after the provider said it were too many: half of those that ran."""
    return max(1.0, min(window, running) / 2)


class Rhythm:
    """Even steps of so many a minute: each gets its moment, none is saved up for later."""

    def __init__(self, per_minute: int) -> None:
        self._step = 60.0 / per_minute
        self._next = 0.0

    def reserve(self, now: float, amount: float = 1) -> float:
        """The moment at which `amount` may be used; what comes later is moved behind it."""
        moment = max(now, self._next)
        self._next = moment + amount * self._step
        return moment

    def correct(self, amount: float) -> None:
        """More (or, below 0, less) was used than was reserved."""
        self._next += amount * self._step


@dataclass(frozen=True, slots=True)
class Headroom:
    """What an answer tells of a limit: how much it is, what is left, and in how many seconds it is whole again."""

    limit: float
    remaining: float
    reset: float

    def pause(self, needed: float) -> float:
        """Seconds until `needed` is there again, where it is refilled evenly."""
        if self.remaining >= needed or self.limit <= self.remaining:
            return 0.0
        return self.reset * min(1.0, (needed - self.remaining) / (self.limit - self.remaining))


_NAMES = (
    ("x-ratelimit-limit-{}", "x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
    ("anthropic-ratelimit-{}-limit", "anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
)


def headroom(headers: Mapping[str, str], kind: str, now: datetime) -> Headroom | None:
    """What the headers tell of `requests` or `tokens`, in OpenAI's names or Anthropic's; None where they do not."""
    for names in _NAMES:
        limit, remaining, reset = (headers.get(name.format(kind)) for name in names)
        if limit is not None and remaining is not None and reset is not None:
            return _headroom(limit, remaining, reset, now)
    return None


def _headroom(limit: str, remaining: str, reset: str, now: datetime) -> Headroom | None:
    seconds = duration(reset, now)
    try:
        return None if seconds is None else Headroom(float(limit), float(remaining), seconds)
    except ValueError:
        return None


def duration(text: str, now: datetime) -> float | None:
    """Seconds in `6m0s`, `120ms`, `1.5`, or until a moment in ISO 8601; None for anything else."""
    if re.fullmatch(rf"(?:{_DURATION.pattern})+", text):
        return sum(float(amount) * _UNITS[unit] for amount, unit in _DURATION.findall(text))
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (datetime.fromisoformat(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None
