"""jobs: list, show, watch, cancel and retry jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tg_parser.cli.execution import EXIT_EMPTY, EXIT_ERROR, EXIT_FAILED_MESSAGES, execute, show_error
from tg_parser.cli.hints import hint_of
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.domain.errors import UsageError
from tg_parser.domain.jobs import ENDED, JOB_KINDS, NEXT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tg_parser.domain.jobs import Job
    from tg_parser.services.jobs import JobService
    from tg_parser.wiring.app import App

commands = typer.Typer(help="Jobs: work done by workers.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, as shown by `jobs list`.")]
States = Annotated[
    list[str] | None, typer.Option("--state", help=f"Only jobs in this state: {', '.join(NEXT)}; repeatable.")
]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help=f"Only jobs of this kind: {', '.join(JOB_KINDS)}; repeatable.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most this many.")]


@commands.command("list")
def list_jobs(states: States = None, kinds: Kinds = None, limit: Limit = 20, json: Json = False) -> None:
    """List jobs, newest first."""
    wanted = _of("--state", states, tuple(NEXT)), _of("--kind", kinds, JOB_KINDS)
    found = _asked(lambda jobs: jobs.page(limit=limit, states=wanted[0], kinds=wanted[1]))
    if json:
        from tg_parser.services.views.jobs import JobList, JobView

        emit_json(JobList(jobs=tuple(JobView.of(each) for each in found)))
    elif not found:
        emit_line("No jobs found. Jobs are created with --detach or over HTTP.")
    else:
        emit_table(
            ("job", "kind", "state", "channel", "created", "progress"),
            [(each.job_id, each.kind, each.state, each.channel_id, each.created_at, _progress(each)) for each in found],
        )
    if not found:
        raise typer.Exit(EXIT_EMPTY)


@commands.command()
def show(job: JobId, json: Json = False) -> None:
    """Show a job: its parameters, progress and result."""
    _emit(_asked(lambda jobs: jobs.get(job)), json=json)


@commands.command()
def cancel(job: JobId, json: Json = False) -> None:
    """Cancel a job. A running job stops in an orderly way; its finished work is kept."""
    _emit(_asked(lambda jobs: jobs.cancel(job)), json=json)


@commands.command()
def retry(job: JobId, json: Json = False) -> None:
    """Create a new job with the parameters of one that has ended."""
    _emit(_asked(lambda jobs: jobs.retry(job)), json=json)


@commands.command()
def watch(job: JobId, json: Json = False) -> None:
    """Show the progress of a job until it ends, then exit with the code that its command would have returned."""

    async def follow(app: App) -> Job:
        from tg_parser.cli.progress import shown_progress
        from tg_parser.wiring.jobs import job_service

        with shown_progress() as report:
            return await job_service(app).followed(job, report)

    ended = execute(follow)
    _emit(ended, json=json)
    _end(ended)


def _end(job: Job) -> None:
    """Exit with the code that matches the outcome of a job."""
    if job.error is not None:
        show_error(job.error.message, hint_of(job.error) or "", EXIT_ERROR, code=job.error.code, data=job.error.data)
    if job.state != "done":
        raise typer.Exit(EXIT_ERROR)
    result = job.result or {}
    processed, exported = (result.get(step) or result for step in ("process", "export"))
    if processed.get("failed"):
        raise typer.Exit(EXIT_FAILED_MESSAGES)
    if (exported.get("message_entries"), exported.get("topics")) == (0, 0):
        raise typer.Exit(EXIT_EMPTY)


def _asked(ask: Callable[[JobService], Awaitable[Any]]) -> Any:
    async def work(app: App) -> Any:
        from tg_parser.wiring.jobs import job_service

        return await ask(job_service(app))

    return execute(work)


def _of(option: str, given: list[str] | None, known: tuple[Any, ...]) -> tuple[Any, ...]:
    if unknown := sorted(set(given or ()) - set(known)):
        raise UsageError(f"{option} {unknown[0]} is not known.", f"Choose from: {', '.join(known)}.")
    return tuple(given or ())


def _progress(job: Job) -> str | None:
    if job.progress is None:
        return None
    total = job.progress["total"]
    return f"{job.progress['step']} {job.progress['done']}" + (f" of {total}" if total is not None else "")


def _emit(job: Job, *, json: bool) -> None:
    if json:
        from tg_parser.services.views.jobs import JobView

        emit_json(JobView.of(job))
        return
    emit_facts(
        [
            ("job", job.job_id),
            ("kind", job.kind),
            ("state", "running, cancelling" if _ending(job) else job.state),
            ("channel", job.channel_id),
            ("parameters", ", ".join(f"{name}={value}" for name, value in job.parameters.items()) or None),
            ("created", job.created_at),
            ("retries at" if job.attempt else "starts at", job.run_at if job.state == "queued" else None),
            ("began", job.started_at),
            ("ended", job.finished_at),
            ("attempts", job.attempt or None),
            ("worker", job.worker),
            ("progress", _progress(job)),
            ("error", job.error and job.error.message),
            ("hint", job.error and hint_of(job.error)),
        ]
    )


def _ending(job: Job) -> bool:
    return job.cancel_requested_at is not None and job.state not in ENDED
