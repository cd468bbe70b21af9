"""Console output: a character that the console cannot show is replaced and never aborts a command."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

import typer

from tg_parser.domain.errors import TgParserError


def take_names_as_utf8() -> None:
    """Restart Python in UTF-8 mode if the system encoding is ASCII, since file names and arguments may not be ASCII."""
    if sys.getfilesystemencoding() == "ascii":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - this very program


def replace_what_cannot_be_shown() -> None:
    """Make stdout and stderr accept any text, whatever encoding the system or PYTHONIOENCODING sets.

    A stream that the caller has closed discards its output.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open as long as the process


def can_show(text: str, stream: TextIO) -> bool:
    """Return whether `stream` can encode every character of `text`."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def leave_stdout() -> None:
    """Stop writing to stdout, so that Python does not retry a refused write at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def of_stdout(error: OSError) -> Exception:
    """Return a readable error if `error` means that stdout cannot be written (say, a full disk), else `error`."""
    try:
        sys.stdout.flush()
    except OSError as refused:
        leave_stdout()
        return TgParserError(
            f"Cannot write the result to stdout: {refused.strerror or refused}.",
            "Free some space, or redirect the output to another place; finished work is kept.",
        )
    return error


def is_utf8(stream: TextIO) -> bool:
    """Return whether `stream` can encode any text."""
    return codecs.lookup(stream.encoding or "ascii").name == "utf-8"


def write_line(text: str, stream: TextIO) -> None:
    """Write a line in the encoding of `stream`, even ASCII, where Typer would use a different one."""
    typer.echo(text, file=stream)


def write_utf8(text: str) -> None:
    """Write `text` to stdout as UTF-8, which programs expect of JSON whatever the console uses.

    Lone surrogates, which file names may contain, become question marks.
    """
    sys.stdout.flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)
