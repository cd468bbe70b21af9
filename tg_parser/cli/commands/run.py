"""run: the whole main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tg_parser.cli.chosen_chat import export_path
from tg_parser.cli.commands.agents import emit_steps
from tg_parser.cli.commands.export import export_facts
from tg_parser.cli.commands.ingest import emit_outcomes, outcome_facts
from tg_parser.cli.commands.process import process_facts
from tg_parser.cli.commands.topicize import topic_facts
from tg_parser.cli.execution import execute, finish
from tg_parser.cli.models import model_use, say_who_reads, spending_facts, spending_lines
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
    exactly_one,
    parse_recheck,
    refuse_with_a_file,
    refuse_without_a_file,
)
from tg_parser.cli.options import Source as SourceOption
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.run_all import emit_run_all, end_all, run_all_facts
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.domain.agents import JsonObject
    from tg_parser.services.run_all import RunAllReport
    from tg_parser.services.runs import RunReport
    from tg_parser.wiring.app import App


def run(
    chat: Annotated[
        str | None, typer.Argument(help="A chat in any form, or the path of an export, instead of --source.")
    ] = None,
    source: SourceOption = None,
    channel: ChannelOption = None,
    every: Annotated[bool, typer.Option("--all", help="Every source that is not paused, one failing alone.")] = False,
    from_export: FromExport = None,
    encoding: Encoding = None,
    out: Out = Path("output"),
    mode: Mode = "incremental",
    limit: Limit = None,
    recheck: RecheckSpan = None,
    force: Annotated[bool, typer.Option("--force", help="Process and topicise everything again.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Also messages in the failure ledger.")] = False,
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
    skip_ingest: Annotated[bool, typer.Option("--skip-ingest", help="Leave out collecting.")] = False,
    skip_process: Annotated[bool, typer.Option("--skip-process", help="Leave out processing.")] = False,
    skip_topicize: Annotated[bool, typer.Option("--skip-topicize", help="Leave out topics.")] = False,
    skip_export: Annotated[bool, typer.Option("--skip-export", help="Leave out the files.")] = False,
    json: Json = False,
) -> None:
    """Collect, process, topicise and export, in one go. Run again, it takes up only what is new."""
    skipped = {"ingest": skip_ingest, "process": skip_process, "topicize": skip_topicize, "export": skip_export}
    chat, from_export = _chat_or_export(chat, channel, from_export)
    span = parse_recheck(recheck)

    steps: dict[str, JsonObject] = {}
    spending: dict[str, dict[str, Any] | None] = {}

    async def work(app: App) -> tuple[RunReport | None, RunAllReport | None]:
        from tg_parser.services.ingestion import IngestRequest
        from tg_parser.services.runs import RunRequest

        refuse_without_a_file(from_export, encoding)
        refuse_with_a_file(from_export, recheck=span, all=every)
        if not from_export or skip_ingest:
            exactly_one(source=source, channel=chat, all=every)
        if every and multi_agent:
            raise UsageError("--multi-agent works on one source.", "Name it, or: tg-parser process --all --multi-agent")
        request = RunRequest(
            out=out,
            export_path=from_export,
            source=await app.sources.get(source) if source else None,
            channel=chat,
            ingest=IngestRequest(mode=mode, limit=limit, recheck=span, encoding=encoding),
            process=app.process_options(concurrency=concurrency, force=force, retry_failed=retry_failed),
            topics=app.topic_options(known_topics, max_topics=max_topics),
            force=force,
            pretty=pretty,
            replace=replace,
            skip=frozenset(step for step, left_out in skipped.items() if left_out),
        )
        say_who_reads(app)
        with shown_progress() as report:
            one, of_all = None, None
            if every:
                of_all = await app.run_all.run(request, report)
            elif multi_agent:
                ran = await app.agents.run(request, report)
                steps.update(ran.steps)
                one = ran.report
            else:
                one = await app.runs.run(request, report)
        spending["spending"] = spending_facts(app)
        return one, of_all

    one, of_all = execute(work, begin=True, use=model_use(provider, model, max_cost, fresh=no_cache))
    facts = run_facts(one) if one else run_all_facts(of_all) if of_all else {}
    if json:
        emit_json({**facts, **spending, **({"agents": steps} if steps else {})})
    else:
        emit_run(one) if one else None
        emit_run_all(of_all) if of_all else None
        emit_spending(spending["spending"])
        emit_steps(steps)
    if of_all:
        end_all(of_all.sources, of_all.failed_messages, of_all.exported)
    finish(one.processed.failed if one and one.processed else 0, one.exported if one else None)


def _chat_or_export(
    argument: str | None, channel: str | None, from_export: Path | None
) -> tuple[str | None, Path | None]:
    """What is read: the argument may be either. Raises UsageError where two things are named."""
    path = export_path(argument) if argument else None
    if path is not None and from_export is not None:
        raise UsageError(f"Both {argument} and --from-export {from_export} name an export.", "Give one of them.")
    if argument and channel:
        if path is None:
            raise UsageError(f"Both {argument} and --channel {channel} name a chat.", "Give one of them.")
        return channel, path
    return (channel, path) if path is not None else (argument or channel, from_export)


def run_facts(done: RunReport) -> dict[str, object]:
    """The report as the JSON result shows it."""
    return {
        "channels": done.channel_ids,
        "ingest": None if done.ingested is None else [outcome_facts(outcome) for outcome in done.ingested],
        "process": None if done.processed is None else process_facts(done.processed),
        "topicize": done.topics,
        "export": done.exported,
    }


def emit_run(done: RunReport) -> None:
    """The report for people, a section a step."""
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


def emit_spending(spent: dict[str, Any] | None) -> None:
    """What the models of all steps cost; nothing offline."""
    if spent is not None:
        _section("Models")
        emit_facts(spending_lines(spent))


def _section(title: str) -> None:
    emit_line(f"\n{title}")
