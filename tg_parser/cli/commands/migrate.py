"""db migrate-from-sqlite: copy data from SQLite files to PostgreSQL or to new SQLite files, and undo that.

Rows that are missing from the target, or that fail a requested verification, are an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from typer.core import TyperCommand

from tg_parser.cli.execution import EXIT_ERROR, error_boundary, settings_of_the_command
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError
from tg_parser.domain.paths import expanded
from tg_parser.wiring.event_loop import run

if TYPE_CHECKING:
    from tg_parser.config.database_settings import DatabaseSettings
    from tg_parser.services.migrations import MigrationOptions, MigrationReport, MigrationService, TableReport

T = TypeVar("T")

Folder = Annotated[Path | None, typer.Option("--sqlite-dir", callback=expanded, help="Folder of the SQLite files.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--postgres-url",
        help="Target database. Default: the DB_* variables, which keep the password off the command line.",
    ),
]


ToSqlite = Annotated[
    str | None,
    typer.Option(
        "--to-sqlite",
        metavar="[FOLDER]",
        help="Copy to new SQLite files in this folder; without a folder, to the files from the settings.",
    ),
]


class MigrateCommand(TyperCommand):
    """A command whose `--to-sqlite` may be given without a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert an empty value after `--to-sqlite` if no folder follows it."""
        for position, argument in enumerate(args):
            if argument == "--to-sqlite" and (args[position + 1 :] or ["-"])[0].startswith("-"):
                args = [*args[:position], "--to-sqlite=", *args[position + 1 :]]
        return super().parse_args(ctx, args)


def migrate_from_sqlite(
    sqlite_dir: Folder = None,
    postgres_url: Url = None,
    to_sqlite: ToSqlite = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare every row with its original at the end.")] = False,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, max=1_000_000, help="Rows per transaction.")
    ] = 20_000,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an unfinished migration.")] = False,
    on_conflict: Annotated[
        Literal["fail", "skip", "replace"],
        typer.Option("--on-conflict", help="What to do if the target already has a different row with the same key."),
    ] = "fail",
    report: Annotated[
        Path | None, typer.Option("--report", callback=expanded, help="Write the report to this JSON file.")
    ] = None,
    rollback: Annotated[
        str | None,
        typer.Option("--rollback", metavar="RUN", help="Undo the migration with this id and do nothing else."),
    ] = None,
    json: Json = False,
) -> None:
    """Copy data from SQLite files, also of the previous version, to PostgreSQL or to new SQLite files."""
    from tg_parser.services.migrations import MigrationOptions

    target = _Target(postgres_url, to_sqlite)
    if postgres_url is not None and to_sqlite is not None:
        raise UsageError("Give only one target: --postgres-url or --to-sqlite.")
    if rollback is not None:
        _undo(target, rollback, json=json)
    elif sqlite_dir is None:
        raise UsageError("Give the folder of the SQLite files with --sqlite-dir.")
    elif dry_run and resume:
        raise UsageError("A dry run cannot be resumed.", "Leave out --resume or --dry-run.")
    else:
        options = MigrationOptions(dry_run, verify, resume, batch_size, on_conflict, report)
        _migrate(target, sqlite_dir, options, json=json)


@dataclass(frozen=True, slots=True)
class _Target:
    """The target given by the user: a server, a folder (empty for the files from the settings), or neither."""

    url: str | None
    folder: str | None


def _migrate(target: _Target, folder: Path, options: MigrationOptions, *, json: bool) -> None:
    with shown_progress() as tell:
        result = _on_target(target, lambda service: service.migrate(folder, options, tell), options.dry_run)
    if options.dry_run and target.folder:
        result.target = str(Path(target.folder).absolute())
    if json:
        from tg_parser.services.views.upkeep import MigrationResult

        emit_json(MigrationResult.of(result))
    else:
        _show(result)
    _say_what_to_see_to(result)
    if not result.good:
        raise typer.Exit(EXIT_ERROR)


def _undo(target: _Target, run_id: str, *, json: bool) -> None:
    removed = _on_target(target, lambda service: service.rollback(run_id), dry_run=False)
    if json:
        from tg_parser.services.views.upkeep import RolledBackMigration

        emit_json(RolledBackMigration(rolled_back=run_id, removed=removed))
    else:
        emit_table(("table", "rows removed"), removed.items())


def _on_target(target: _Target, work: Callable[[MigrationService], Awaitable[T]], dry_run: bool) -> T:
    with error_boundary("Stopped. Finished work is kept; continue with --resume."):
        return run(_connected(target, work, dry_run))


async def _connected(target: _Target, work: Callable[[MigrationService], Awaitable[T]], dry_run: bool) -> T:
    from tg_parser.wiring.migrations import open_migrations

    settings = settings_of_the_command()
    chosen = settings.model_copy(update={"database": _database(target, settings.database)})
    async with open_migrations(chosen, rehearsal=dry_run) as service:
        return await work(service)


def _database(target: _Target, database: DatabaseSettings) -> DatabaseSettings:
    from pydantic import SecretStr

    if target.folder is not None:
        database = database.model_copy(update={"type": "sqlite"})
        return database.in_folder(Path(target.folder)) if target.folder else database
    if target.url is not None:
        database = database.model_copy(update={"type": "postgresql", "url": SecretStr(target.url)})
    if database.type != "postgresql":
        raise UsageError(
            "No target is given.",
            "Give --to-sqlite FOLDER for new files; or --postgres-url, or DB_TYPE=postgresql and the DB_* variables.",
        )
    return database


def _show(report: MigrationReport) -> None:
    files = [(name, what) for name, what in report.files.items()]
    emit_facts([("run", report.run_id or "dry run, nothing was changed"), ("from", report.source), *files])
    emit_facts([("to", report.target), ("seconds", report.seconds)])
    headers = ("table", "rows", "migrated", "changed", "already there", "quarantined", "verified")
    emit_table(headers, [_line(each) for each in report.tables if each.tally.rows])
    for written, canonical in report.channels.items():
        emit_line(f"channel {written} is now {canonical}")
    for each in report.tables:
        for what, count in each.changes.items():
            emit_line(f"{each.table}: {count} × {what}")
        for why, count in each.reasons.items():
            emit_line(f"{each.table}: {count} × quarantined: {why}")


def _line(each: TableReport) -> tuple[object, ...]:
    tally, compared = each.tally, each.verification
    verified = None if compared is None else "yes" if compared.good else f"{compared.mismatches} differ"
    return (each.table, tally.rows, tally.migrated, tally.changed, tally.already_there, tally.quarantined, verified)


def _say_what_to_see_to(report: MigrationReport) -> None:
    if report.objection:
        say(f"The migration would be refused: {report.objection}")
    quarantined = sum(each.tally.quarantined for each in report.tables)
    if quarantined:
        where = "would be put" if report.dry_run else "were put"
        say(f"{quarantined} rows {where} into quarantine (table migration_quarantine), with the reasons.")
    for each in report.tables:
        if not each.tally.balanced:
            lost = each.tally.rows - each.tally.migrated - each.tally.quarantined
            say(f"{each.table}: {lost} rows are missing from the target.")
        compared = each.verification
        if compared is not None and not compared.good:
            different, missing = ", ".join(compared.different[:10]), ", ".join(compared.missing[:10])
            say(f"{each.table}: differ: {different or 'none'}; missing: {missing or 'none'}.")
