"""schedule: regular work of the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.cli.execution import execute, finish_empty
from tg_parser.cli.presentation import Json, emit_json, emit_table
from tg_parser.cli.stderr import say

if TYPE_CHECKING:
    from tg_parser.services.views.schedule import ScheduleResult
    from tg_parser.wiring.app import App


def schedule(json: Json = False) -> None:
    """Show regular work with its last and next run: collecting, cleanup, backups."""

    async def read(app: App) -> ScheduleResult:
        from tg_parser.services.views.schedule import ScheduleResult
        from tg_parser.wiring.jobs import job_service, schedule_service

        entries = await schedule_service(app, job_service(app)).entries()
        return ScheduleResult.of(entries, enabled=app.settings.schedule.enabled)

    shown = execute(read)
    if json:
        emit_json(shown)
    elif shown.entries:
        rows = [(each.name, each.kind, each.steps, each.next_at, each.last_at, each.last_job) for each in shown.entries]
        emit_table(("what", "job", "up to", "next", "last", "as"), rows, whole=("what", "as"))
    if not shown.enabled:
        say("Workers do nothing by schedule: SCHEDULER_ENABLED is not set.")
    finish_empty(not shown.entries, "Nothing is scheduled.")
