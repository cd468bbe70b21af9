"""db migrate-from-sqlite: the data of SQLite files into PostgreSQL, and back out again.

A row that is not accounted for, or not verified where that was asked, is an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from tg_parser.cli.execution import EXIT_ERROR, errors_told
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.config.settings import Settings
    from tg_parser.storage.databases import Databases
    from tg_parser.storage.transfer import MigrationOptions, MigrationReport
    from tg_parser.storage.transfer_report import TableReport

T = TypeVar("T")

Folder = Annotated[Path | None, typer.Option("--sqlite-dir", help="Folder of the SQLite files.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--postgres-url", help="The target; unset, the DB_* variables name it and no password is on the command line."
    ),
]


def migrate_from_sqlite(
    sqlite_dir: Folder = None,
    postgres_url: Url = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare every row with its source at the end.")] = False,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=1_000_000, help="Rows a transaction.")] = 20_000,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the migration that was not finished.")] = False,
    on_conflict: Annotated[
        Literal["fail", "skip", "replace"],
        typer.Option("--on-conflict", help="What counts where the target holds a row with the same key."),
    ] = "fail",
    report: Annotated[Path | None, typer.Option("--report", help="Write the report to this JSON file.")] = None,
    rollback: Annotated[str | None, typer.Option("--rollback", help="Undo this run, and do nothing else.")] = None,
    json: Json = False,
) -> None:
    """Bring the data of SQLite files, also of the earlier version, into PostgreSQL."""
    from tg_parser.storage.transfer import MigrationOptions

    if rollback is not None:
        _undo(postgres_url, rollback, json=json)
    elif sqlite_dir is None:
        raise UsageError("Name the folder of the SQLite files with --sqlite-dir.")
    elif dry_run and resume:
        raise UsageError("A dry run has nothing to go on with.", "Leave out --resume or --dry-run.")
    else:
        options = MigrationOptions(dry_run, verify, resume, batch_size, on_conflict, report)
        _migrate(postgres_url, sqlite_dir, options, json=json)


def _migrate(url: str | None, folder: Path, options: MigrationOptions, *, json: bool) -> None:
    from tg_parser.storage.transfer import migrate

    with shown_progress() as tell:
        result = _on_target(url, lambda databases: migrate(databases, folder, options, tell))
    if json:
        emit_json(result.as_json())
    else:
        _show(result)
    _say_what_to_see_to(result)
    if not result.good:
        raise typer.Exit(EXIT_ERROR)


def _undo(url: str | None, run_id: str, *, json: bool) -> None:
    from tg_parser.storage.transfer import rollback

    removed = _on_target(url, lambda databases: rollback(databases, run_id))
    if json:
        emit_json({"rolled_back": run_id, "removed": removed})
    else:
        emit_table(("table", "rows removed"), removed.items())


def _on_target(url: str | None, work: Callable[[Databases], Awaitable[T]]) -> T:
    with errors_told("Stopped. What was done is kept; go on with --resume."):
        return asyncio.run(_connected(url, work))


async def _connected(url: str | None, work: Callable[[Databases], Awaitable[T]]) -> T:
    from tg_parser.config.logging import configure_logging
    from tg_parser.config.settings import secret_values
    from tg_parser.storage.databases import open_databases

    settings = _settings(url)
    configure_logging(settings.logging, secret_values(settings))
    async with open_databases(settings, prepare=False) as databases:
        return await work(databases)


def _settings(url: str | None) -> Settings:
    from pydantic import SecretStr

    from tg_parser.config.settings import load_settings

    settings = load_settings()
    database = settings.database
    if url is not None:
        database = database.model_copy(update={"type": "postgresql", "url": SecretStr(url)})
    if database.type != "postgresql":
        raise UsageError(
            "No target is named.", "Give --postgres-url, or set DB_TYPE=postgresql and the DB_* variables."
        )
    return settings.model_copy(update={"database": database})


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
        say(f"A run would be refused: {report.objection}")
    quarantined = sum(each.tally.quarantined for each in report.tables)
    if quarantined:
        where = "would go" if report.dry_run else "are"
        say(f"{quarantined} rows {where} into the quarantine (table migration_quarantine), with their reasons.")
    for each in report.tables:
        if not each.tally.balanced:
            lost = each.tally.rows - each.tally.migrated - each.tally.quarantined
            say(f"{each.table}: {lost} rows are not accounted for.")
        compared = each.verification
        if compared is not None and not compared.good:
            different, missing = ", ".join(compared.different[:10]), ", ".join(compared.missing[:10])
            say(f"{each.table}: differ: {different or 'none'}; missing: {missing or 'none'}.")
