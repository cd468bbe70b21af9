"""stdout is the result: one JSON object with --json, else text for people. Nothing else is written there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]

_WIDTH_OF_FILES = 160


def emit_json(result: Any) -> None:
    """Print `result` as one JSON object: dataclasses, models, dates and paths included."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(result, fallback=str, by_alias=True).decode() + "\n")


def emit_line(text: str) -> None:
    """Print one line of the result."""
    typer.echo(text)


def emit_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print named values one under the other, those without a value left out."""
    shown = [(name, value) for name, value in facts if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        typer.echo(f"{name:<{width}}  {value}")


def emit_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; on a terminal it fits the window, in a file no cell is cut short."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) if cell is not None else "" for cell in row))
    Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES, highlight=False, markup=False).print(table)
