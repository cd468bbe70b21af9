"""Options and results of processing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """Which messages count as waiting, how many are analysed at a time, and at least how many are claimed at once.

    If the analyzer asks models, `ahead` more are prepared or checked meanwhile: `concurrency` then limits the calls,
    not the work around them.
    A run that is stopped by hand waits `shutdown_wait` seconds for the calls that are running.
    """

    concurrency: int = 4
    ahead: int = 0
    page_size: int = 100
    force: bool = False
    retry_failed: bool = False
    shutdown_wait: float = 30.0


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What became of the waiting messages: `failed` ones are in the ledger, `removed` ones were deleted in Telegram.

    Of the processed ones, `noise` have words but belong in no topic; those `without_text` have none.
    """

    waiting: int = 0
    processed: int = 0
    noise: int = 0
    failed: int = 0
    removed: int = 0
    without_text: int = 0

    def __add__(self, other: ProcessReport) -> ProcessReport:
        return ProcessReport(
            self.waiting + other.waiting,
            self.processed + other.processed,
            self.noise + other.noise,
            self.failed + other.failed,
            self.removed + other.removed,
            self.without_text + other.without_text,
        )
