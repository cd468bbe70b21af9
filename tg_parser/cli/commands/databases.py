"""init and db: create, upgrade and inspect the schemas of the three databases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from tg_parser.cli.commands.migrate import MigrateCommand, migrate_from_sqlite
from tg_parser.cli.commands.pool import encrypt_secret, pool
from tg_parser.cli.execution import execute
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import confirm
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.services.views.upkeep import SchemaState
    from tg_parser.wiring.app import App

commands = typer.Typer(help="Schemas of the three databases, and moving data into them.", no_args_is_help=True)
commands.command("migrate-from-sqlite", cls=MigrateCommand)(migrate_from_sqlite)

Which = Annotated[Literal["all", "ingestion", "raw", "processing"], typer.Option("--db", help="Which database.")]
commands.command()(pool)
commands.command()(encrypt_secret)

Revision = Annotated[str, typer.Argument(help="A revision as shown by `db history`, `head` or `base`.")]


class DowngradeCommand(TyperCommand):
    """A command that reads `-1` as one step back, not as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read `-1` as `--steps=1`."""
        return super().parse_args(ctx, [re.sub(r"^-(\d+)$", r"--steps=\1", argument) for argument in args])


def init(json: Json = False) -> None:
    """Create the three databases, or upgrade them to this version."""
    _emit(execute(lambda app: app.databases.upgrade("all"), prepare=False, begin=True), json=json)


@commands.command()
def upgrade(revision: Revision = "head", db: Which = "all", json: Json = False) -> None:
    """Upgrade the schemas."""
    _emit(execute(lambda app: app.databases.upgrade(db, revision), prepare=False, begin=True), json=json)


@commands.command(cls=DowngradeCommand)
def downgrade(
    revision: Annotated[
        str | None, typer.Argument(help="A revision as shown by `db history`, `base`, or -1 for one step back.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, max=1000, help="How many revisions to go back; -1 is short for --steps 1."),
    ] = None,
    db: Which = "all",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Downgrade the schemas; data that the older schema cannot store is lost."""
    if (revision is None) == (steps is None):
        raise UsageError(
            "Give the revision to go back to, or the number of steps.",
            "For one step back: tg-parser db downgrade -1. List the revisions with: tg-parser db history",
        )
    to = revision or f"-{steps}"
    if not yes:
        where = f"to {revision}" if revision else f"by {steps} step{'s' if steps != 1 else ''}"
        confirm(f"Downgrade {db} {where}? Data that the older schema cannot store is lost.")
    _emit(execute(lambda app: app.databases.downgrade(db, to), prepare=False), json=json)


@commands.command()
def current(db: Which = "all", json: Json = False) -> None:
    """Show the current revision of each schema."""
    _emit(execute(lambda app: app.databases.current(db), prepare=False), json=json)


@commands.command()
def history(db: Which = "all", json: Json = False) -> None:
    """List the revisions known to this version, newest first."""

    async def read(app: App) -> dict[str, list[str]]:
        return app.databases.history(db)

    revisions = execute(read, prepare=False)
    if json:
        from tg_parser.services.views.upkeep import SchemaHistory

        emit_json(SchemaHistory.model_validate(revisions))
    else:
        for name, lines in revisions.items():
            for line in lines:
                emit_line(f"{name}: {line}")


@commands.command()
def stamp(revision: Revision, db: Which = "all", json: Json = False) -> None:
    """Mark a revision as the current one without running any migration."""
    _emit(execute(lambda app: app.databases.stamp(db, revision), prepare=False), json=json)


def _emit(states: list[SchemaState], *, json: bool) -> None:
    if json:
        from tg_parser.services.views.upkeep import SchemaStates

        emit_json(SchemaStates(databases=tuple(states)))
    else:
        emit_table(
            ("database", "revision", "newest"),
            [(state.database, state.revision or "none", state.newest) for state in states],
        )
