"""--detach: submit a command as a job for a worker instead of running it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.presentation import emit_json, emit_line
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tg_parser.domain.jobs import Job, JobKind, JsonObject
    from tg_parser.wiring.app import App

Detach = Annotated[
    bool, typer.Option("--detach", help="Submit this as a job for a worker and return; see `jobs` and `worker`.")
]

_WHERE_FROM = frozenset({"chat", "source", "channel", "every", "detach", "json"})
_NAMES = {"no_cache": "fresh"}
_HINT = "Leave the option out, or run the command here without --detach."


def ask_for_job(kind: JobKind, context: typer.Context, *, changed: dict[str, JsonObject] | None = None) -> None:
    """Submit a command as jobs, one per selected source; an export is always one job. Raises UsageError.

    `changed` maps an option to the parameters it becomes if the job has no parameter of the same name. Options that
    this kind of job does not support are refused.
    """
    parameters = _parameters(kind, context, changed or {})
    given = context.params
    every = bool(given.get("every"))
    named = _listed(given.get("source")), [each for each in (given.get("channel"), given.get("chat")) if each]

    async def submit(app: App) -> list[Job]:
        from tg_parser.wiring.jobs import job_service

        jobs = job_service(app)
        left_out = {"paused"} if kind != "ingest" else {"paused", "error"}
        sources = await _sources(app, *named, left_out if every else None)
        if kind == "export":
            if (topic_id := parameters.get("topic_id")) is not None:
                await app.reading.topics.require(topic_id)
            return [await jobs.submit(kind, parameters | ({} if every else {"sources": sources}))]
        return [await jobs.submit(kind, parameters | {"source": each}) for each in sources]

    made = execute(submit)
    _emit(made, as_list=every and kind != "export", json=given["json"])


def refuse_detached(option: str) -> NoReturn:
    """Refuse an option that a worker cannot use. Raises UsageError."""
    raise UsageError(f"{option} cannot be combined with --detach, as workers do not support it.", _HINT)


def _parameters(kind: JobKind, context: typer.Context, changed: dict[str, JsonObject]) -> JsonObject:
    """Convert the options of the command line into job parameters."""
    from tg_parser.services.job_requests import PARAMETERS

    known = PARAMETERS[kind].model_fields
    parameters: JsonObject = {}
    for option in context.command.params:
        name = option.name or ""
        source = context.get_parameter_source(name)
        if name in _WHERE_FROM or source is None or source.name != "COMMANDLINE":
            continue
        wanted = changed.get(name, {_NAMES.get(name, name): context.params[name]})
        if not wanted.keys() <= known.keys():
            refuse_detached(option.opts[0])
        parameters |= wanted
    return parameters


def _listed(source: Any) -> list[str]:
    if isinstance(source, str):
        return [source]
    return list(source or ())


async def _sources(app: App, sources: Sequence[str], channels: Sequence[Any], left_out: set[str] | None) -> list[str]:
    """Return the ids of the selected sources; if `left_out` is given, of all sources not in one of those states.

    Raises UsageError, UnknownSourceError.
    """
    chats = [chat for each in channels for chat in _listed(each)]
    if len(sources) + len(chats) + (left_out is not None) != 1:
        raise UsageError("With --detach, give exactly one of --source or --channel or --all.")
    if left_out is not None:
        return [each.source_id for each in await app.sources.list() if each.status not in left_out]
    if sources:
        return [(await app.sources.get(sources[0])).source_id]
    return [(await app.sources.by_channel(chats[0])).source_id]


def _emit(made: list[Job], *, as_list: bool, json: bool) -> None:
    if json:
        from tg_parser.services.views.jobs import JobList, JobView

        shown = [JobView.of(each) for each in made]
        emit_json(JobList(jobs=tuple(shown)) if as_list else shown[0])
        return
    for job in made:
        emit_line(job.job_id)
    if not made:
        emit_line("No sources yet. Try: tg-parser run @name --out ./output")
        return
    say(f"A worker will run it (tg-parser worker). Watch it with: tg-parser jobs watch {made[0].job_id}")
