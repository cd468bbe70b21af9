"""Bring the data of SQLite files into PostgreSQL: the arguments of `tg-parser db migrate-from-sqlite`, as a script."""

from __future__ import annotations

import typer

from tg_parser.cli.commands.migrate import migrate_from_sqlite

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(migrate_from_sqlite)

if __name__ == "__main__":
    app()
