"""The schedule."""

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
    """Regular work: the kind of job, its next run, and its last run with the job's id.

    `steps` is the last stage for a source.
    """

    name: str
    kind: str
    parameters: JsonObject
    next_at: datetime
    last_at: datetime | None
    last_job: str | None
    steps: Steps | None


class ScheduleResult(View):
    """`schedule`, next run first; nothing happens unless `enabled`."""

    enabled: bool
    entries: tuple[ScheduledView, ...]

    @classmethod
    def of(cls, entries: Sequence[ScheduleEntry], *, enabled: bool) -> Self:
        """Return the current schedule."""
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
