"""The schedule as every interface shows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from tg_parser.domain.jobs import JsonObject
from tg_parser.domain.sources import Steps
from tg_parser.services.views.base import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tg_parser.services.schedule import ScheduleEntry


class ScheduledView(View):
    """What is done regularly: the job, when it is asked for next, and when and as which job it last was.

    `steps` is how far what a source has is taken.
    """

    name: str
    kind: str
    parameters: JsonObject
    next_at: datetime
    last_at: datetime | None
    last_job: str | None
    steps: Steps | None


class ScheduleResult(View):
    """`schedule`, what comes next first; nothing of it happens where it is not `enabled`."""

    enabled: bool
    entries: tuple[ScheduledView, ...]

    @classmethod
    def of(cls, entries: Sequence[ScheduleEntry], *, enabled: bool) -> Self:
        """The schedule as it is now."""
        shown = [
            ScheduledView(
                name=each.name,
                kind=each.kind,
                parameters=each.parameters,
                next_at=each.next_at,
                last_at=each.last and each.last.at,
                last_job=each.last and each.last.job_id,
                steps=each.steps,
            )
            for each in entries
        ]
        return cls(enabled=enabled, entries=tuple(shown))
