"""What goes to the console: a character that it cannot show is replaced, and never ends a command."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

import typer

from tg_parser.domain.errors import TgParserError


def take_names_as_utf8() -> None:
    """Begin anew in Python's UTF-8 mode where the system says ASCII: file names and arguments know no such bounds."""
    if sys.getfilesystemencoding() == "ascii":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - this very program


def replace_what_cannot_be_shown() -> None:
    """From now on stdout and stderr take every text, whatever encoding the system or PYTHONIOENCODING gave them.

    A caller who closed one of them wants nothing of it.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open as long as the process


def can_show(text: str, stream: TextIO) -> bool:
    """Whether `stream` has every character of `text`."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def leave_stdout() -> None:
    """Write nothing more to stdout: Python must not try again at exit what was refused."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def of_stdout(error: OSError) -> Exception:
    """`error` in words if stdout cannot be written, for example on a full disk; else unchanged."""
    try:
        sys.stdout.flush()
    except OSError as refused:
        leave_stdout()
        return TgParserError(
            f"Cannot write the result to stdout: {refused.strerror or refused}.",
            "Free some space, or send it elsewhere; what was done is kept.",
        )
    return error


def is_utf8(stream: TextIO) -> bool:
    """Whether every text comes through `stream` as it is."""
    return codecs.lookup(stream.encoding or "ascii").name == "utf-8"


def write_line(text: str, stream: TextIO) -> None:
    """Write a line in the encoding of `stream`, also where that is ASCII, for which Typer would choose another."""
    typer.echo(text, file=stream)


def write_utf8(text: str) -> None:
    """Write `text` to stdout in UTF-8, which is what programs expect of JSON on every console.

    Half a character, as a file name may hold it, becomes a question mark.
    """
    sys.stdout.flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)
