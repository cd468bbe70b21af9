"""Runs a command: settings, logging, the application, and errors as one line with a hint and an exit code.

The exit codes are the same for the same kind of error in every command:
0    done
1    an error: something is missing, broken, refused or unreachable; the line says what, the hint what to do
2    wrong usage or wrong settings: an option, an argument, a combination, a variable
3    finished, but some messages failed
4    finished with an empty result: nothing was found
130  stopped by Ctrl-C; finished work is kept
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

import typer

from tg_parser.cli.console import leave_stdout, of_stdout
from tg_parser.cli.hints import hint_of
from tg_parser.cli.stderr import say, speaks_json
from tg_parser.domain.errors import InvalidPeerError, InvalidRefError, SettingsError, TgParserError, UsageError
from tg_parser.wiring.event_loop import run

if TYPE_CHECKING:
    from tg_parser.config.settings import Settings
    from tg_parser.services.exports import ExportReport
    from tg_parser.wiring.app import App

EXIT_ERROR, EXIT_USAGE, EXIT_FAILED_MESSAGES, EXIT_EMPTY, EXIT_INTERRUPTED = 1, 2, 3, 4, 130
STOPPED = "Stopped. Finished work is kept; run the same command again to continue."
_WRONG_USE = (UsageError, InvalidPeerError, InvalidRefError, SettingsError)
_GENERAL_HINT = "To see how to use a command: tg-parser COMMAND --help"
_DEBUG = "TG_PARSER_DEBUG"

T = TypeVar("T")


class Use(Protocol):
    """Settings that a command overrides."""

    def applied(self, settings: Settings) -> Settings:
        """Return the settings for this command."""
        ...


def show_tracebacks() -> None:
    """From now on, show a traceback with every error."""
    os.environ[_DEBUG] = "1"


def keep_files_in(folder: str) -> None:
    """From now on, keep all files without a location of their own in `folder`."""
    os.environ["TG_PARSER_HOME"] = folder


def execute(
    work: Callable[[App], Awaitable[T]], *, prepare: bool = True, begin: bool = False, use: Use | None = None
) -> T:
    """Open the application, run `work`, close it. `use` overrides settings, `prepare` creates or checks the schemas.

    With a home folder given by the user that contains no databases, only `begin` creates them.
    """
    with error_boundary():
        return run(_opened(work, prepare=prepare, begin=begin, use=use))


async def _opened(work: Callable[[App], Awaitable[T]], *, prepare: bool, begin: bool, use: Use | None) -> T:
    from tg_parser.wiring.app import open_app

    settings = settings_of_the_command()
    async with open_app(use.applied(settings) if use else settings, prepare=prepare, begin=begin) as app:
        return await work(app)


def settings_of_the_command() -> Settings:
    """Load the settings, set up logging, and report likely misspellings of settings. Raises SettingsError."""
    from tg_parser.config.near_names import near_names
    from tg_parser.config.settings import variable_names

    for name, meant in near_names(variable_names() | {_DEBUG}).items():
        if name not in _pointed_out:
            say(f"{name} in the environment or .env is not a known setting. Did you mean {meant}?")
            _pointed_out.add(name)
    return logged_settings()


def logged_settings() -> Settings:
    """Load the settings and set up logging. Raises SettingsError."""
    from tg_parser.config.logging import configure_logging
    from tg_parser.config.settings import load_settings, secret_values

    settings = load_settings()
    configure_logging(settings.logging, secret_values(settings))
    return settings


_pointed_out: set[str] = set()
"""A command may open the application several times, but reports misspellings only once."""


@contextmanager
def error_boundary(stopped: str = STOPPED) -> Iterator[None]:
    """The error boundary of a command: show any error and exit with its code; on Ctrl-C show `stopped`."""
    try:
        yield
    except KeyboardInterrupt:
        say(stopped, level="warning", exit_code=EXIT_INTERRUPTED)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except typer.Exit:
        raise
    except BrokenPipeError:
        # The reader of the pipe, such as `head`, has closed it.
        leave_stdout()
        raise typer.Exit(EXIT_ERROR) from None
    except typer.Abort:
        say("Stopped. Nothing was changed.", level="warning", exit_code=EXIT_INTERRUPTED)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except OSError as error:
        fail(of_stdout(error))
    except Exception as error:  # noqa: BLE001 - the boundary of a command
        fail(error)


def fail(error: Exception) -> NoReturn:
    """Show `error` and end the command."""
    if hasattr(error, "format_message") and not os.environ.get(_DEBUG):
        _fail_of_usage(error)
    from tg_parser.config.logging import masked

    if os.environ.get(_DEBUG):
        say(masked("".join(traceback.format_exception(error)).rstrip()), level="debug")
    if hasattr(error, "format_message"):
        _fail_of_usage(error)
    code = exit_code(error)
    if isinstance(error, TgParserError):
        general = _GENERAL_HINT if code == EXIT_USAGE else ""
        show_error(masked(error.message), hint_of(error) or general, code, code=error.code, data=_masked(error.data))
    else:
        unexpected = masked(f"an unexpected {type(error).__name__}: {error}")
        show_error(unexpected, "Run the same command with --debug and report what it shows.", code)
    raise typer.Exit(code)


def _masked(data: dict[str, Any]) -> dict[str, Any]:
    from tg_parser.config.logging import masked

    return {name: masked(value) if isinstance(value, str) else value for name, value in data.items()}


def _fail_of_usage(error: Any) -> NoReturn:
    """Show what Typer rejected on the command line. A group without a command shows its help."""
    from tg_parser.cli.usage import usage_words

    if type(error).__name__ == "NoArgsIsHelpError":
        say(error.format_message())
    else:
        show_error(*usage_words(error), EXIT_USAGE)
    raise typer.Exit(EXIT_USAGE)


def exit_code(error: Exception) -> int:
    """Return the exit code of an error: 2 for wrong usage or wrong settings, 1 for all others."""
    return EXIT_USAGE if isinstance(error, _WRONG_USE) else EXIT_ERROR


def show_error(message: str, hint: str, exit_code: int, **facts: Any) -> None:
    """Show an error and its hint: two lines for people, or one object with `code` and `data` for machines."""
    if speaks_json():
        say(message, level="error", hint=hint or None, exit_code=exit_code, **facts)
        return
    say(f"Error: {message}")
    if hint:
        say(f"Hint: {hint}")


def finish(failed_messages: int, exported: ExportReport | None = None) -> None:
    """Exit with code 3 if messages failed, or with 4 if there was nothing to export."""
    if exported is not None and exported.empty:
        say(f"Nothing to export: no message with text and no topic matches. Files in {exported.out} are unchanged.")
    if failed_messages:
        say(f"{failed_messages} messages failed; see them with: tg-parser status --failures", level="warning")
        raise typer.Exit(EXIT_FAILED_MESSAGES)
    if exported is not None and exported.empty:
        raise typer.Exit(EXIT_EMPTY)


def finish_empty(is_empty: bool, line: str) -> None:
    """If there was nothing to show, say so with `line` and exit with code 4."""
    if is_empty:
        say(line)
        raise typer.Exit(EXIT_EMPTY)
