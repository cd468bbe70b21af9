"""Progress on stderr, with rate and time left: bars on a terminal, otherwise a plain line every few seconds."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tg_parser.cli.stderr import say, speaks_json

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from tg_parser.domain.progress import Progress, ReportProgress

SECONDS_BETWEEN_LINES = 5.0


@contextlib.contextmanager
def shown_progress() -> Iterator[ReportProgress]:
    """Yield a progress reporter for the duration of one command."""
    if sys.stderr.isatty() and not speaks_json():
        with _bars() as bars:
            yield (reporter := _BarReporter(bars))
            reporter.end()
    else:
        yield _LineReporter()


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


class _BarReporter:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, progress: Progress) -> None:
        if progress.step not in self._tasks:
            # Without a total, Rich would assume 100.
            self._tasks[progress.step] = self._bars.add_task(progress.step, total=None)
        self._bars.update(self._tasks[progress.step], completed=progress.done, total=progress.total)

    def end(self) -> None:
        """Complete the bars of steps whose total was unknown."""
        for task in self._bars.tasks:
            if task.total is None:
                self._bars.update(task.id, total=task.completed)


class _LineReporter:
    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._last_line = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        started = self._started.setdefault(progress.step, now)
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            line = progress_line(progress, now - started)
            say(line, step=progress.step, done=progress.done, total=progress.total)


def progress_line(progress: Progress, seconds: float) -> str:
    """Return `step: done of total, rate/s, about N s left`, as far as known."""
    rate = progress.done / seconds if seconds > 0 else 0.0
    line = f"{progress.step}: {progress.done}"
    if progress.total is not None:
        line += f" of {progress.total}"
    if rate:
        line += f", {rate:.0f}/s"
        if progress.total is not None:
            line += f", about {max(progress.total - progress.done, 0) / rate:.0f} s left"
    return line
