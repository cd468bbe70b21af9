"""Progress of long work: a stage reports it, an interface shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a step; `total` is None if it is unknown."""

    step: str
    done: int
    total: int | None = None


ReportProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report nothing."""


class ProgressParts:
    """Combines the progress of several chats or channels, handled one after another.

    A total is reported only when it is certain: in the last of `number` parts, or earlier if `expected` gives, by step,
    the amount of work in each part.
    """

    def __init__(
        self, report: ReportProgress, number: int | None = None, expected: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        self._report = report
        self._number = number
        self._expected = expected or {}
        self._begun = 0
        self._ended: dict[str, Progress] = {}
        self._running: dict[str, Progress] = {}

    def next(self) -> ReportProgress:
        """Return the reporter of the next part; the earlier ones are finished."""
        self._ended |= self._running
        self._running = {}
        self._begun += 1
        return self._tell

    def _tell(self, progress: Progress) -> None:
        before = self._ended.get(progress.step, Progress(progress.step, 0, 0))
        so_far = _sum(before.total, progress.total)
        self._running[progress.step] = whole = Progress(progress.step, before.done + progress.done, so_far)
        self._report(replace(whole, total=_sum(so_far, self._to_come(progress.step))))

    def _to_come(self, step: str) -> int | None:
        """Return how much of a step remains in later parts, or None if unknown."""
        if self._begun == self._number:
            return 0
        return sum(self._expected[step][self._begun :]) if step in self._expected else None


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
