"""topicize: find the topics of documents."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tg_parser.cli.detach import Detach, ask_for_job
from tg_parser.cli.execution import execute
from tg_parser.cli.hints import hint_of
from tg_parser.cli.models import ModelOptions, opened_run, run_spending, spending_lines
from tg_parser.cli.options import KnownTopics, MaxCost, MaxTopics, Model, NoCache, Provider
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.run_all import end_all
from tg_parser.cli.selection import channels_of, chosen_sources
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.services.run_all import SourceRun
    from tg_parser.services.topics import TopicizeReport
    from tg_parser.services.views.spending import RunSpending
    from tg_parser.wiring.app import App


def topicize(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Option(help="Source id; several are treated as one corpus.")] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="A chat in any form; several are treated as one corpus.")
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Every source that is not paused, one by one; a failure does not stop the rest."),
    ] = False,
    known_topics: KnownTopics = None,
    max_topics: MaxTopics = None,
    no_bundles: Annotated[bool, typer.Option("--no-bundles", help="Only anchors, no supporting messages.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Find topics even if no document has changed.")] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="Group all messages anew. A topic that shares most messages with an earlier one keeps its id.",
        ),
    ] = False,
    provider: Provider = None,
    model: Model = None,
    max_cost: MaxCost = None,
    no_cache: NoCache = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be found without a model; write nothing.")
    ] = False,
    detach: Detach = False,
    json: Json = False,
) -> None:
    """Group the documents of a channel into topics with cards and bundles."""
    if detach:
        ask_for_job("topicize", context)
        return

    async def work(app: App) -> tuple[TopicizeReport | None, list[SourceRun], RunSpending | None]:
        sources = [await app.sources.get(each) for each in source or ()]
        sources += [await app.sources.by_channel(each) for each in channel or ()]
        if bool(sources) == every:
            raise UsageError("Give at least one --source or --channel, or only --all.")
        models = ModelOptions(provider=provider, model=model, max_cost=max_cost, fresh=no_cache)
        chosen = await chosen_sources(app, None, None, every=True) if every else sources
        async with opened_run(app, models, announced=not dry_run) as run:
            options = run.topic_options(
                known_topics, max_topics=max_topics, with_supporting=not no_bundles, rebuild=rebuild
            )
            how: dict[str, Any] = {"force": force, "dry_run": dry_run, "report": run.context.report}
            one: TopicizeReport | None = None
            of_all: list[SourceRun] = []
            if every:
                of_all = await run.run_all.topicize(chosen, options, **how)
            else:
                one = await run.topics.topicize(channels_of(chosen), options, **how)
            return one, of_all, run_spending(run)

    done, of_all, spending = execute(work)
    if done is None:
        _emit_all_json(of_all, spending) if json else _emit_all(of_all, spending)
        end_all(of_all)
        return
    if json:
        from tg_parser.services.views.runs import TopicizeResult

        emit_json(TopicizeResult.of(done, spending))
        return
    emit_facts([*topic_facts(done).items(), *spending_lines(spending)])
    for title in done.titles:
        emit_line(f"  {title}")


def _emit_all_json(sources: list[SourceRun], spending: RunSpending | None) -> None:
    from tg_parser.services.views.runs import TopicizeAllResult

    emit_json(TopicizeAllResult.of(sources, spending, hint_of))


def _emit_all(sources: list[SourceRun], spending: RunSpending | None) -> None:
    if not sources:
        emit_line("No sources yet. Try: tg-parser run @name --out ./output")
        return
    rows = [(each.source.source_id, *_numbers(each.topics), "failed" if each.error else "done") for each in sources]
    emit_table(("source", "topics", "in a topic", "in no topic", "outcome"), rows)
    emit_facts(spending_lines(spending))


def _numbers(found: TopicizeReport | None) -> tuple[int | None, ...]:
    return (None,) * 3 if found is None else (found.found.topics, found.found.in_a_topic, found.found.in_no_topic)


def topic_facts(done: TopicizeReport) -> dict[str, object]:
    """Return the labelled lines of the report."""
    missing = "; ".join(done.found.missing) or None
    return {
        **asdict(done.found),
        "known": done.found.known or None,
        "missing": missing and f"not enough messages for: {missing}",
        "unchanged": "yes" if done.unchanged else None,
        **_editing_facts(done),
    }


def _editing_facts(done: TopicizeReport) -> dict[str, object]:
    """Return what a model did for the topics; the cost is shown for the whole command."""
    if done.editing is None:
        return {}
    names = {"worded": "named by the model", "kept": "name kept", "judged": "messages judged", "merged": "merged"}
    facts: dict[str, object] = {name: getattr(done.editing, key) or None for key, name in names.items()}
    failed = done.editing.failed
    return facts | {"no usable answer": f"to {failed} questions; --force asks again" if failed else None}
