"""What a console can show."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys

import pytest

from tg_parser.cli.console import can_show, write_utf8


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", True), ("cp866", True), ("cp1251", False), ("ascii", False)])
def test_halves_of_blocks_are_asked_for_before_a_code_is_drawn_of_them(encoding: str, shown: bool) -> None:
    """The old console of Windows has them, its code pages for text do not."""
    assert can_show("█▀▄", io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is shown


def said(program: str, encoding: str) -> tuple[bytes, bytes]:
    """What a process with such a console writes to stdout and stderr."""
    found = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom tg_parser.cli import console\n{program}"],
        env={"PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    return found.stdout.replace(b"\r\n", b"\n"), found.stderr.replace(b"\r\n", b"\n")


def test_what_a_console_lacks_is_replaced_on_both_streams() -> None:
    """The words around an emoji come through, and no error ends the command."""
    program = "console.replace_what_cannot_be_shown()\nprint('Цена 🚀')\nprint('Сбой 🚀', file=sys.stderr)"
    assert said(program, "cp1251") == ("Цена ?\n".encode("cp1251"), "Сбой ?\n".encode("cp1251"))


def test_json_is_utf8_on_every_console_and_comes_after_what_was_said_before() -> None:
    """Programs read it; half a character of a file name is a question mark, and the order of lines stays."""
    program = "print('before')\nconsole.write_utf8('Цена 🚀 \\udcff\\n')\nprint('after')"
    assert said(program, "cp1251") == ("before\nЦена 🚀 ?\nafter\n".encode(), b"")


def test_json_goes_to_a_stream_without_bytes_as_it_is() -> None:
    """Who collects the output of a command in memory gets the text."""
    held = io.StringIO()
    with contextlib.redirect_stdout(held):
        write_utf8("Цена 🚀")
    assert held.getvalue() == "Цена 🚀"
