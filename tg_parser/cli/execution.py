"""Runs a command: settings, logging, the application, and errors as one clear line with a hint and an exit code.

Exit codes: 0 done, 1 an error, 2 wrong usage, 3 done but some messages failed,
4 done but with an empty result, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from tg_parser.bootstrap import App
    from tg_parser.config.settings import Settings
    from tg_parser.export.exporter import ExportReport

EXIT_ERROR, EXIT_USAGE, EXIT_FAILED_MESSAGES, EXIT_EMPTY, EXIT_INTERRUPTED = 1, 2, 3, 4, 130
_DEBUG = "TG_PARSER_DEBUG"

T = TypeVar("T")


class Use(Protocol):
    """What a command lays over the settings."""

    def applied(self, settings: Settings) -> Settings:
        """The settings for this command."""
        ...


def show_tracebacks() -> None:
    """From now on an error also shows where it came from."""
    os.environ[_DEBUG] = "1"


def keep_files_in(folder: str) -> None:
    """From now on everything that has no place of its own is kept in `folder`."""
    os.environ["TG_PARSER_HOME"] = folder


def execute(
    work: Callable[[App], Awaitable[T]], *, prepare: bool = True, begin: bool = False, use: Use | None = None
) -> T:
    """Open the application, do `work`, close it. `prepare` makes or checks the schemas first; `use` chooses models.

    Only with `begin` are databases made in a home that was named and holds none.
    """
    try:
        return asyncio.run(_opened(work, prepare=prepare, begin=begin, use=use))
    except KeyboardInterrupt:
        say("Stopped. What was done is kept; the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - the boundary of a command
        fail(error)


async def _opened(work: Callable[[App], Awaitable[T]], *, prepare: bool, begin: bool, use: Use | None) -> T:
    from tg_parser.bootstrap import open_app

    settings = settings_of_the_command()
    async with open_app(use.applied(settings) if use else settings, prepare=prepare, begin=begin) as app:
        return await work(app)


def settings_of_the_command() -> Settings:
    """The settings, with the log set up by them; names that are nearly ours are pointed out. Raises SettingsError."""
    from tg_parser.config.logging import configure_logging
    from tg_parser.config.near_names import near_names
    from tg_parser.config.settings import load_settings, secret_values, variable_names

    for name, meant in near_names(variable_names() | {_DEBUG}).items():
        if name not in _pointed_out:
            say(f"{name} in the environment or .env means nothing here. Did you mean {meant}?")
            _pointed_out.add(name)
    settings = load_settings()
    configure_logging(settings.logging, secret_values(settings))
    return settings


_pointed_out: set[str] = set()
"""A command may open the application several times, and says everything once."""


def fail(error: Exception) -> NoReturn:
    """Show `error` to a person and end the command."""
    from tg_parser.config.logging import masked
    from tg_parser.domain.errors import InvalidPeerError, TgParserError, UsageError

    if os.environ.get(_DEBUG):
        say(masked("".join(traceback.format_exception(error)).rstrip()))
    if isinstance(error, TgParserError):
        say(masked(f"Error: {error.message}"))
        if error.hint:
            say(f"Hint: {error.hint}")
        wrong_usage = isinstance(error, UsageError | InvalidPeerError)
        raise typer.Exit(EXIT_USAGE if wrong_usage else EXIT_ERROR)
    say(masked(f"Error: an unexpected {type(error).__name__}: {error}"))
    say("Hint: run the same command with --debug and report what it shows.")
    raise typer.Exit(EXIT_ERROR)


def finish(failed_messages: int, exported: ExportReport | None = None) -> None:
    """End with exit code 3 where messages failed, and with 4 where there was nothing to export."""
    if exported is not None and exported.empty:
        say(f"Nothing to export: no message with text and no topic fits. Files in {exported.out} stay as they were.")
    if failed_messages:
        say(f"{failed_messages} messages failed; see them with: tg-parser status --failures")
        raise typer.Exit(EXIT_FAILED_MESSAGES)
    if exported is not None and exported.empty:
        raise typer.Exit(EXIT_EMPTY)


def say(line: str) -> None:
    """Tell a person something on stderr, where it is no part of the result."""
    typer.echo(line, err=True)
