"""The tg-parser program and its commands. Heavy imports happen inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Annotated, Any

import typer
from typer.main import get_command

from tg_parser import __version__
from tg_parser.cli.chat_command import ChatCommand
from tg_parser.cli.commands import (
    agents,
    api,
    backup,
    costs,
    databases,
    demo,
    doctor,
    entries,
    export,
    healthcheck,
    ingest,
    jobs,
    keys,
    login,
    mcp,
    messages,
    process,
    prompts,
    run,
    schedule,
    search,
    sentiment,
    sources,
    status,
    topicize,
    topics,
    webhooks,
    worker,
)
from tg_parser.cli.console import replace_what_cannot_be_shown, take_names_as_utf8
from tg_parser.cli.execution import error_boundary, keep_files_in, show_tracebacks

app = typer.Typer(
    name="tg-parser",
    help="Turn Telegram channels into a knowledge base: collect, process, find topics, export.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors (anywhere on the line).")] = False,
    data_dir: Annotated[
        str | None,
        typer.Option(
            "--data-dir", metavar="FOLDER", help="Folder for all data files (anywhere on the line). [TG_PARSER_HOME]"
        ),
    ] = None,
) -> None:
    """Turn Telegram channels into a knowledge base: collect, process, find topics, export."""
    if version:
        typer.echo(f"tg-parser {__version__}")
        raise typer.Exit
    if debug:
        show_tracebacks()
    if data_dir is not None:
        keep_files_in(data_dir)
    if context.invoked_subcommand is None:
        context.fail("Missing command.")


app.command("demo")(demo.demo)
app.command("run", cls=ChatCommand)(run.run)
app.command("init")(databases.init)
app.command("add-source")(sources.add_source)
app.add_typer(sources.commands, name="sources")
app.command("login")(login.login)
app.command("ingest")(ingest.ingest)
app.command("process")(process.process)
app.command("topicize")(topicize.topicize)
app.command("export")(export.export)
app.add_typer(search.commands, name="search")
app.command("similar")(search.similar)
app.add_typer(topics.commands, name="topics")
app.add_typer(messages.commands, name="messages")
app.command("entries")(entries.entries)
app.command("status")(status.status)
app.command("sentiment")(sentiment.sentiment)
app.command("costs")(costs.costs)
app.add_typer(prompts.commands, name="prompts")
app.add_typer(databases.commands, name="db")
app.add_typer(backup.commands, name="backup")
app.command("doctor")(doctor.doctor)
app.command("api")(api.api)
app.command("mcp")(mcp.mcp)
app.command("worker")(worker.worker)
app.command("healthcheck")(healthcheck.healthcheck)
app.add_typer(jobs.commands, name="jobs")
app.command("schedule")(schedule.schedule)
app.add_typer(keys.commands, name="keys")
app.add_typer(webhooks.commands, name="webhooks")
app.add_typer(agents.commands, name="agents")


@cache
def command_line() -> Callable[..., Any]:
    """Return the parser of all commands, built once."""
    return get_command(app)


def main() -> None:
    """Run the command line. `--debug` and `--data-dir` may stand anywhere in it."""
    take_names_as_utf8()
    replace_what_cannot_be_shown()
    sys.exit(_ended(leading(sys.argv[1:])))


def _ended(arguments: list[str]) -> int:
    """Run the command line and return its exit code; all errors are shown the same way."""
    try:
        with error_boundary():
            code: int = command_line()(args=arguments, prog_name="tg-parser", standalone_mode=False) or 0
            sys.stdout.flush()
            return code
    except typer.Exit as end:
        return end.exit_code


def leading(arguments: list[str]) -> list[str]:
    """Return `arguments` with the program's own options moved in front of the command."""
    own, rest = list[str](), list[str]()
    given = iter(arguments)
    for argument in given:
        if argument == "--":
            rest += [argument, *given]
        elif argument == "--data-dir":
            own += [argument, *islice(given, 1)]
        elif argument == "--debug" or argument.startswith("--data-dir="):
            own.append(argument)
        else:
            rest.append(argument)
    return own + rest
