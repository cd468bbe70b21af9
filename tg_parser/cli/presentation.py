"""Prints results. Only the result goes to stdout: one JSON object with --json, else text for people."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from tg_parser.cli.console import write_line, write_utf8
from tg_parser.domain.utc_time import moment_text

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON object per line (NDJSON).")]

_WIDTH_OF_FILES = 160
_GAP = 1
_LEAST = 10
"""Minimum width of a column that may be folded, so that numbers and most words are not broken."""


def emit_json(result: Any) -> None:
    """Print `result` as one JSON object; dataclasses, models, dates and paths are converted."""
    from pydantic_core import to_json

    write_utf8(to_json(result, fallback=str, by_alias=True).decode() + "\n")


def emit_line(text: str) -> None:
    """Print one line of the result."""
    write_line(text, sys.stdout)


def emit_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print labelled values one per line, leaving out empty ones."""
    shown = [(name, shown_value(value)) for name, value in facts if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        emit_line(f"{name:<{width}}  {value}")


def emit_table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, whole: Collection[str] | None = None
) -> None:
    """Print a table. Columns in `whole` (by default the first one) are never cut or folded: ids, links.

    If the terminal is too narrow for that, each row is printed as a block of lines instead.
    """
    cells = [[shown_value(cell) for cell in row] for row in rows]
    unbroken = set(headers[:1] if whole is None else whole)
    needed = _needed(headers, cells, unbroken)
    window = _window()
    if sys.stdout.isatty() and needed > window:
        for row in cells:
            emit_facts((header, cell) for header, cell in zip(headers, row, strict=True) if cell)
            emit_line("")
        return
    _print(headers, cells, unbroken, max(window, needed))


def shown_value(value: object) -> str:
    """Format a value for people: times in the standard form, None as an empty string."""
    if isinstance(value, datetime):
        return moment_text(value)
    return "" if value is None else str(value)


def _print(headers: Sequence[str], cells: Sequence[Sequence[str]], unbroken: Collection[str], width: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, header in enumerate(headers):
        column = [header, *(row[place] for row in cells)]
        least = _least(column, whole=header in unbroken)
        table.add_column(header, overflow="fold", min_width=least, no_wrap=header in unbroken)
    for row in cells:
        table.add_row(*row)
    Console(width=width, highlight=False, markup=False, soft_wrap=False).print(table)


def _window() -> int:
    from rich.console import Console

    return Console().width if sys.stdout.isatty() else _WIDTH_OF_FILES


def _needed(headers: Sequence[str], cells: Sequence[Sequence[str]], unbroken: Collection[str]) -> int:
    """Return the smallest width at which no id is cut and no number broken."""
    columns = [[header, *(row[place] for row in cells)] for place, header in enumerate(headers)]
    least = sum(_least(column, whole=column[0] in unbroken) for column in columns)
    return least + _GAP * (len(headers) - 1)


def _least(column: Sequence[str], *, whole: bool) -> int:
    from rich.cells import cell_len

    if whole:
        return max(map(cell_len, column))
    header = max((cell_len(word) for word in column[0].split()), default=1)
    longest = max((cell_len(word) for cell in column[1:] for word in cell.split()), default=1)
    return max(header, min(longest, _LEAST))
