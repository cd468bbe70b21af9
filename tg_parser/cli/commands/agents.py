"""agents: list agents, show what they did, clean up their history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tg_parser.cli.execution import EXIT_ERROR, execute
from tg_parser.cli.paging import gathered
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import say

if TYPE_CHECKING:
    from tg_parser.domain.agents import Handoff, TaskRecord

commands = typer.Typer(help="Agents: list them, show their work, archive it.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of an agent, as shown by `agents list`.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most this many.")]


@commands.command("list")
def list_agents(json: Json = False) -> None:
    """List all agents with their totals."""
    found = execute(lambda app: app.agent_history.agents())
    if json:
        from tg_parser.services.views.agents import AgentList

        emit_json(AgentList(agents=tuple(found)))
    elif not found:
        emit_line("No agent has run yet. Start with: tg-parser process --all --multi-agent")
    else:
        emit_table(
            ("agent", "type", "tasks", "errors", "ms per task", "last used", "model"),
            [
                (
                    each.card.name,
                    each.card.agent_type,
                    each.tasks,
                    each.errors,
                    f"{each.average_ms:.0f}",
                    each.last_used_at,
                    each.card.model,
                )
                for each in found
            ],
        )


@commands.command()
def status(
    name: Name,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Show this many days with activity.")] = 7,
    json: Json = False,
) -> None:
    """Show one agent and its work per day."""
    state, stats = execute(lambda app: app.agent_history.status(name, days))
    if json:
        from tg_parser.services.views.agents import AgentStatus

        emit_json(AgentStatus(agent=state, days=tuple(stats)))
        return
    card = state.card
    emit_facts(
        [
            ("agent", card.name),
            ("does", card.description),
            ("can", ", ".join(card.capabilities)),
            ("provider", card.provider),
            ("model", card.model),
            ("tasks", f"{state.tasks}, of which {state.errors} ended with an error"),
            ("last used", state.last_used_at),
        ]
    )
    emit_table(
        ("day", "task", "tasks", "failed", "ms per task", "fastest", "slowest"),
        [
            (
                each.date,
                each.task_type,
                each.tasks,
                each.failed,
                each.total_ms // max(each.tasks, 1),
                each.min_ms,
                each.max_ms,
            )
            for each in stats
        ],
    )


@commands.command()
def history(
    name: Name,
    limit: Limit = 20,
    failed: Annotated[bool, typer.Option("--failed", help="Only tasks that ended with an error.")] = False,
    json: Json = False,
) -> None:
    """Show the latest tasks of an agent with their input and output."""
    found = execute(lambda app: gathered(lambda page: app.agent_history.history(name, page, failed_only=failed), limit))
    if json:
        from tg_parser.services.views.agents import AgentTasks

        emit_json(AgentTasks(agent=name, tasks=tuple(found)))
    else:
        emit_table(
            ("when", "task", "message", "ms", "outcome"), [_task_line(each) for each in found], whole={"message"}
        )


@commands.command()
def handoffs(
    status: Annotated[
        Literal["pending", "accepted", "in_progress", "completed", "failed", "rejected"] | None,
        typer.Option("--status", help="Only handoffs with this status."),
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Only handoffs from or to this agent.")] = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List the handoffs between agents, newest first."""
    found = execute(lambda app: gathered(lambda page: app.agent_history.handoffs(page, status, agent), limit))
    if json:
        from tg_parser.services.views.agents import HandoffList

        emit_json(HandoffList(handoffs=tuple(found)))
    else:
        headers = ("when", "handoff", "from", "to", "task", "status", "ms", "outcome")
        emit_table(headers, [_handoff_line(each) for each in found], whole={"handoff"})


@commands.command()
def cleanup(
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Keep this many days, instead of AGENT_RETENTION_DAYS.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be removed.")] = False,
    json: Json = False,
) -> None:
    """Archive old tasks and handoffs, then delete them once the archive has been verified."""
    done = execute(lambda app: app.agent_history.cleanup(days=days, dry_run=dry_run))
    if json:
        from tg_parser.services.views.agents import HistoryCleanup

        emit_json(HistoryCleanup(archived=done.archived, made=done.made, resumed=done.resumed, dry_run=dry_run))
        return
    emit_facts((table.replace("_", " "), f"{rows} rows") for table, rows in done.archived.items())
    for name in done.resumed:
        emit_line(f"completed an earlier, interrupted cleanup: {name}")
    for name in done.made:
        emit_line(f"archived: {name}")


@commands.command()
def archives(
    check: Annotated[
        bool, typer.Option("--check", help="Read every archive completely and compare checksums.")
    ] = False,
    json: Json = False,
) -> None:
    """List the archives of the agents' history."""
    found = execute(lambda app: app.agent_history.archives(check=check))
    if json:
        from tg_parser.services.views.agents import ArchiveList

        emit_json(ArchiveList(archives=tuple(found)))
    else:
        rows = [(each.name, each.table, each.rows, each.problem or each.state) for each in found]
        emit_table(("archive", "of", "rows", "state"), rows)
    damaged = [each for each in found if each.problem]
    for each in damaged:
        say(f"{each.name}: {each.problem}")
    if damaged:
        raise typer.Exit(EXIT_ERROR)


def emit_steps(steps: dict[str, dict[str, Any]]) -> None:
    """Print what the agents of a run report beyond the normal report, for people."""
    told = steps.get("process", {})
    routed, review = told.get("routed", {}), told.get("review", {})
    emit_facts(
        [
            ("simple reading", routed.get("simple")),
            ("deep reading", routed.get("deep")),
            (
                "reviewed",
                ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in review.items()) or None,
            ),
        ]
    )
    for proposal in steps.get("curate", {}).get("proposals", ()):
        named = " + ".join(repr(title) for title in proposal["titles"])
        into = f" → {', '.join(map(repr, proposal['proposed']))}" if proposal["proposed"] else ""
        said = f" Model {proposal['opinion']}" if proposal["opinion"] else ""
        emit_line(f"proposal: {proposal['kind']} {named}{into}. {proposal['reason']}{said}")
    for finding in steps.get("quality", {}).get("findings", ()):
        emit_line(f"check: {finding['what']} ({finding['look']})")


def _task_line(task: TaskRecord) -> tuple[object, ...]:
    return task.at, task.task_type, task.source_ref, task.milliseconds, task.error or _short(task.output)


def _handoff_line(handoff: Handoff) -> tuple[object, ...]:
    outcome = handoff.error or _short(handoff.result)
    names = handoff.source_agent, handoff.target_agent, handoff.task_type
    return handoff.created_at, handoff.id, *names, handoff.status, handoff.processing_time_ms, outcome


def _short(value: object) -> str:
    text = ", ".join(f"{name} {item}" for name, item in value.items()) if isinstance(value, dict) else ""
    return text if len(text) <= 160 else f"{text[:160]}…"
