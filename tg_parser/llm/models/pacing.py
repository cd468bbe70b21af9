"""How fast a provider may be called (pure): calls per second, how evenly, and what its responses say about that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, inf

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_STEP_BACK = 0.85
_RECOVERY = 20
"""Time constant, in pauses, for returning to a refused rate: refusals then cost less than a tenth of the time."""
_INFLATION = 0.05
_LEAST_PAUSE = 0.25


class AdaptiveRate:
    """How many calls a second a provider accepts: no limit until it says "too many", then found by trial.

    After the first refusal comes the rate that worked before it, doubled again and again until the next refusal. From
    then on the rate falls a step with each refusal, and approaches the refused rate ever more slowly, until it tries a
    little more. Every moment is in seconds of one clock; `most` is a limit set by the user.
    """

    def __init__(self, most: float | None = None) -> None:
        self._most = inf if most is None else most
        self._rate = inf
        self._ceiling = inf
        self._searching = False
        self._at = 0.0
        self._pause = _LEAST_PAUSE

    def refused(self, now: float, pause: float, measured: float) -> None:
        """Too many: nothing is asked for `pause` seconds. `measured` is the rate of answers so far."""
        failed = self.rate(now)
        if failed == inf:
            self._rate, self._searching = measured, True
        else:
            self._rate, self._ceiling, self._searching = _STEP_BACK * failed, failed, False
        self._at = now + pause
        self._pause = max(pause, _LEAST_PAUSE)

    def rate(self, now: float, *, used_up: bool = True) -> float:
        """Calls a second that may be made now; infinite if nothing is known. It rises only while it is fully used."""
        pauses = max(0.0, now - self._at) / self._pause if used_up else 0.0
        if pauses > 0 and self._searching:
            self._rate *= 2 ** min(1.0, 2 * pauses)
        elif pauses > 0 and self._ceiling < inf:
            self._rate += (self._ceiling - self._rate) * (1 - exp(-pauses / _RECOVERY))
            self._ceiling *= 1 + _INFLATION * pauses / _RECOVERY
        self._at = max(now, self._at)
        return min(self._rate, self._most)


class Pacer:
    """Even steps: each use gets its moment, and unused ones are not saved up."""

    def __init__(self) -> None:
        self._next = 0.0

    def reserve(self, now: float, rate: float, amount: float = 1) -> float:
        """The moment at which `amount` may be used, at `rate` a second; later uses come after it."""
        moment = max(now, self._next)
        self._next = moment + amount / rate
        return moment

    def is_ahead(self, now: float) -> bool:
        """Whether the next use has to wait."""
        return self._next > now

    def correct(self, rate: float, amount: float) -> None:
        """More (or, below 0, less) was used than was reserved."""
        self._next += amount / rate

    def restart(self, moment: float) -> None:
        """Forget all reservations; the next use may come at `moment`."""
        self._next = moment


@dataclass(frozen=True, slots=True)
class Headroom:
    """What a response says about a limit: its size, what is left, and in how many seconds it is full again."""

    limit: float
    remaining: float
    reset: float

    def pause(self, needed: float) -> float:
        """Seconds until `needed` is available again, if it is refilled evenly."""
        if self.remaining >= needed or self.limit <= self.remaining:
            return 0.0
        return self.reset * min(1.0, (needed - self.remaining) / (self.limit - self.remaining))


_NAMES = (
    ("x-ratelimit-limit-{}", "x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
    ("anthropic-ratelimit-{}-limit", "anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
)


def headroom(headers: Mapping[str, str], kind: str, now: datetime) -> Headroom | None:
    """What the headers say about `requests` or `tokens`, by OpenAI's names or Anthropic's; None if nothing."""
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
