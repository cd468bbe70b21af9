"""run: the complete pipeline for one source or for all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tg_parser.cli.chosen_chat import export_path, is_here
from tg_parser.cli.commands.agents import emit_steps
from tg_parser.cli.commands.export import export_facts
from tg_parser.cli.commands.ingest import emit_outcomes
from tg_parser.cli.commands.process import process_facts
from tg_parser.cli.commands.topicize import topic_facts
from tg_parser.cli.detach import Detach, ask_for_job, refuse_detached
from tg_parser.cli.execution import execute, finish
from tg_parser.cli.hints import hint_of, with_looks
from tg_parser.cli.models import ModelOptions, opened_run, run_spending, spending_lines
from tg_parser.cli.options import Channel as ChannelOption
from tg_parser.cli.options import (
    Concurrency,
    Encoding,
    FromExport,
    KnownTopics,
    Limit,
    MaxCost,
    MaxTopics,
    Mode,
    Model,
    MultiAgent,
    NoCache,
    Out,
    Pretty,
    Provider,
    RecheckSpan,
    Replace,
    SourceOption,
    exactly_one,
    parse_recheck,
    refuse_with_a_file,
    refuse_without_a_file,
)
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line
from tg_parser.cli.run_all import emit_run_all, end_all
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.domain.agents import JsonObject
    from tg_parser.services.run_all import RunAllReport
    from tg_parser.services.runs import RunReport
    from tg_parser.services.views.spending import RunSpending
    from tg_parser.wiring.app import App

_WHAT_TO_GIVE = "Usually a chat or an export is enough: tg-parser run @name, or the path of an export. See: run --help"


def run(
    context: typer.Context,
    chat: Annotated[
        str | None, typer.Argument(help="A chat in any form, or the path of an export; replaces --source.")
    ] = None,
    source: SourceOption = None,
    channel: ChannelOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every source that is not paused; a failure does not stop the rest.")
    ] = False,
    from_export: FromExport = None,
    encoding: Encoding = None,
    out: Out = Path("output"),
    mode: Mode = "incremental",
    limit: Limit = None,
    recheck: RecheckSpan = None,
    force: Annotated[bool, typer.Option("--force", help="Process all messages and find topics again.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also retry messages that failed before.")
    ] = False,
    provider: Provider = None,
    model: Model = None,
    concurrency: Concurrency = None,
    multi_agent: MultiAgent = False,
    max_cost: MaxCost = None,
    no_cache: NoCache = False,
    known_topics: KnownTopics = None,
    max_topics: MaxTopics = None,
    pretty: Pretty = False,
    replace: Replace = False,
    skip_ingest: Annotated[bool, typer.Option("--skip-ingest", help="Do not collect messages.")] = False,
    skip_process: Annotated[bool, typer.Option("--skip-process", help="Do not process messages.")] = False,
    skip_topicize: Annotated[bool, typer.Option("--skip-topicize", help="Do not find topics.")] = False,
    skip_export: Annotated[bool, typer.Option("--skip-export", help="Do not write files.")] = False,
    detach: Detach = False,
    json: Json = False,
) -> None:
    """Collect, process, find topics and export in one go. Later runs only handle what is new."""
    skipped = {"ingest": skip_ingest, "process": skip_process, "topicize": skip_topicize, "export": skip_export}
    chat, from_export = _chat_or_export(chat, channel, from_export)
    span = parse_recheck(recheck)
    if detach:
        if from_export is not None:
            refuse_detached("--from-export")
        left_out = {"skip": [step for step, is_left_out in skipped.items() if is_left_out]}
        ask_for_job("run", context, changed={f"skip_{step}": left_out for step in skipped})
        return

    async def work(app: App) -> _RunOutcome:
        from tg_parser.services.ingestion import IngestRequest
        from tg_parser.services.runs import RunRequest

        refuse_without_a_file(from_export, encoding)
        refuse_with_a_file(from_export, recheck=span, all=every)
        if not from_export or skip_ingest:
            exactly_one(_WHAT_TO_GIVE, source=source, channel=chat, all=every)
        if every and multi_agent:
            raise UsageError(
                "--multi-agent works on one source only.", "Name it, or: tg-parser process --all --multi-agent"
            )
        known = await app.sources.get(source) if source else None
        models = ModelOptions(provider=provider, model=model, max_cost=max_cost, fresh=no_cache)
        async with opened_run(app, models) as opened:
            report = opened.context.report
            request = RunRequest(
                out=out,
                export_path=from_export,
                source=known,
                channel=chat,
                ingest=IngestRequest(mode=mode, limit=limit, recheck=span, encoding=encoding),
                process=opened.process_options(concurrency=concurrency, force=force, retry_failed=retry_failed),
                topics=opened.topic_options(known_topics, max_topics=max_topics),
                force=force,
                pretty=pretty,
                replace=replace,
                skip=frozenset(step for step, left_out in skipped.items() if left_out),
            )
            if every:
                of_all = await opened.run_all.run(request, report)
                return _RunOutcome(run_spending(opened), of_all=of_all)
            if multi_agent:
                ran = await opened.agents.run(request, report)
                return _RunOutcome(run_spending(opened), ran.report, steps=ran.steps)
            one = await opened.runs.run(request, report)
            return _RunOutcome(run_spending(opened), one)

    done = execute(work, begin=True)
    _emit_json(done) if json else _emit(done)
    if done.of_all:
        end_all(done.of_all.sources, done.of_all.failed_messages, done.of_all.exported)
    if done.one:
        finish(done.one.processed.failed if done.one.processed else 0, done.one.exported)


class _RunOutcome(NamedTuple):
    """Result for one source or for all: the report, the cost, and the reports of the agents."""

    spending: RunSpending | None
    one: RunReport | None = None
    of_all: RunAllReport | None = None
    steps: dict[str, JsonObject] | None = None


def _emit_json(done: _RunOutcome) -> None:
    from tg_parser.services.views.runs import RunAllResult, RunResult

    if done.one:
        emit_json(RunResult.of(done.one, hint_of, with_looks(done.steps), spending=done.spending))
    if done.of_all:
        emit_json(RunAllResult.of(done.of_all, done.spending, hint_of))


def _emit(done: _RunOutcome) -> None:
    if done.one:
        emit_run(done.one)
    if done.of_all:
        emit_run_all(done.of_all)
    emit_spending(done.spending)
    emit_steps(with_looks(done.steps))


def _chat_or_export(
    argument: str | None, channel: str | None, from_export: Path | None
) -> tuple[str | None, Path | None]:
    """Return the chat and the export, given by the argument or by options. Raises UsageError if both give one."""
    path = export_path(argument) if argument else None
    if path is not None and from_export is not None:
        raise UsageError(f"Both {argument} and --from-export {from_export} name an export.", "Give only one of them.")
    if argument and path is None and is_here(argument):
        say(f"{argument} is taken as the name of a chat; for the export in this folder: tg-parser run ./{argument}")
    if argument and channel:
        if path is None:
            raise UsageError(f"Both {argument} and --channel {channel} name a chat.", "Give only one of them.")
        return channel, path
    return (channel, path) if path is not None else (argument or channel, from_export)


def emit_run(done: RunReport) -> None:
    """Print the report for people, one section per stage."""
    if done.ingested is not None:
        _section("Collected")
        emit_outcomes(done.ingested)
    if done.processed is not None:
        _section("Processed")
        emit_facts(process_facts(done.processed).items())
    for channel, topics in (done.topics or {}).items():
        _section(f"Topics of {channel}")
        emit_facts(topic_facts(topics).items())
    if done.exported is not None:
        _section("Exported")
        emit_facts(export_facts(done.exported))


def emit_spending(spent: RunSpending | None) -> None:
    """Print what the models of all stages cost; nothing when offline."""
    if spent is not None:
        _section("Models")
        emit_facts(spending_lines(spent))


def _section(title: str) -> None:
    emit_line(f"\n{title}")
