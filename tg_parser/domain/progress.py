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
