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


class Summed:
    """Parts of a step that come one after another, told as one: channels, files, a second round of questions.

    A part that begins again from below ends the one before it.
    """

    def __init__(self, report: ReportProgress) -> None:
        self._report = report
        self._ended: dict[str, tuple[int, int | None]] = {}
        self._last: dict[str, Progress] = {}

    def __call__(self, progress: Progress) -> None:
        """Tell the whole that `progress` of a part makes."""
        last = self._last.get(progress.step)
        if last is not None and progress.done < last.done:
            done, total = self._ended.get(last.step, (0, 0))
            whole = None if total is None or last.total is None else total + last.total
            self._ended[last.step] = (done + last.done, whole)
        self._last[progress.step] = progress
        done, total = self._ended.get(progress.step, (0, 0))
        whole = None if total is None or progress.total is None else total + progress.total
        self._report(Progress(progress.step, done + progress.done, whole))


def part_of(report: ReportProgress, before: int, total: int) -> ReportProgress:
    """The reporter of one part of a step whose `total` is known, `before` of it being done."""
    return lambda progress: report(Progress(progress.step, before + progress.done, total))
