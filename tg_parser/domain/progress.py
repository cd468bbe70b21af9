"""How long work tells how far it is: a stage reports, an interface shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a step; `total` is None where it cannot be known."""

    step: str
    done: int
    total: int | None = None


ReportProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report to nobody."""


class Parts:
    """Parts of the same steps that come one after another, told as one: chats, channels, a second round."""

    def __init__(self, report: ReportProgress) -> None:
        self._report = report
        self._ended: dict[str, Progress] = {}
        self._running: dict[str, Progress] = {}

    def next(self) -> ReportProgress:
        """The reporter of the next part; those before it are over."""
        self._ended |= self._running
        self._running = {}
        return self._tell

    def _tell(self, progress: Progress) -> None:
        before = self._ended.get(progress.step, Progress(progress.step, 0, 0))
        known = before.total is not None and progress.total is not None
        total = (before.total or 0) + (progress.total or 0) if known else None
        self._running[progress.step] = whole = Progress(progress.step, before.done + progress.done, total)
        self._report(whole)


def part_of(report: ReportProgress, before: int, total: int) -> ReportProgress:
    """The reporter of one part of a step whose `total` is known, `before` of it being done."""
    return lambda progress: report(Progress(progress.step, before + progress.done, total))
