"""stderr: text for people, or, with LOG_FORMAT=json, one JSON object per line for machines."""

from __future__ import annotations

import getpass
import json
import sys
from functools import cache
from typing import Any

import typer

from tg_parser.cli.console import is_utf8, write_line
from tg_parser.domain.errors import UsageError


@cache
def speaks_json() -> bool:
    """Return whether LOG_FORMAT is json; other errors in the settings are reported elsewhere."""
    from tg_parser.config.log_format import wanted_log_format

    return wanted_log_format() == "json"


def say(line: str, *, level: str = "info", **facts: Any) -> None:
    """Print a line that is not part of the result; `facts` are added for machines, which do not parse sentences."""
    if speaks_json():
        line = _object(line, level, facts)
    write_line(line, sys.stderr)


def ask(question: str, *, hidden: bool = False) -> str:
    """Return a person's answer, or a line of stdin without a terminal; empty if there is none."""
    if hidden and sys.stdin.isatty():
        if speaks_json():
            say(question)
            return getpass.getpass("")
        return getpass.getpass(question, stream=sys.stderr)
    if speaks_json():
        say(question)
    else:
        sys.stderr.write(question)
        sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        write_line("", sys.stderr) if not speaks_json() else None
    return line.strip()


def confirm(question: str) -> None:
    """Continue only after a yes. Raises typer.Exit after a no, UsageError without a terminal."""
    from tg_parser.cli.execution import EXIT_ERROR

    while (answer := ask(f"{question} [y/N]: ").lower()) not in {"y", "yes", "n", "no"}:
        if not answer:
            break
    if answer in {"y", "yes"}:
        return
    if not answer and not sys.stdin.isatty():
        raise UsageError(
            "This needs a confirmation, but there is no terminal to ask on.", "To confirm on the command line: --yes"
        )
    say("Nothing was changed.")
    raise typer.Exit(EXIT_ERROR)


def _object(line: str, level: str, facts: dict[str, Any]) -> str:
    """Return the line as JSON; characters that the console cannot show are escaped."""
    from pydantic_core import to_jsonable_python

    from tg_parser.domain.utc_time import iso_z, utc_now

    fields = {"event": line, "level": level, "timestamp": iso_z(utc_now()), **facts}
    return json.dumps(to_jsonable_python(fields, fallback=str), ensure_ascii=not is_utf8(sys.stderr))
