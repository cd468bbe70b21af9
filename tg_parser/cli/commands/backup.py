"""backup: create, list, verify, restore and prune backups of the three databases."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tg_parser.cli.execution import EXIT_ERROR, error_boundary, settings_of_the_command
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.stderr import confirm, say
from tg_parser.domain.errors import UsageError
from tg_parser.domain.paths import expanded
from tg_parser.wiring.event_loop import run

if TYPE_CHECKING:
    from tg_parser.services.backups import Backup, BackupCheck, BackupService, Manifest

T = TypeVar("T")

commands = typer.Typer(help="Backups of the three databases.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option("--dir", callback=expanded, help="Folder of the backups, instead of BACKUP_DIR.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a backup, as shown by `backup list`.")]


@commands.command()
def create(folder: Folder = None, json: Json = False) -> None:
    """Back up the three databases, also while they are in use, then remove expired backups."""

    async def work(service: BackupService) -> tuple[Backup, list[Backup]]:
        with shown_progress() as report:
            made = await service.create(report)
        return made, await service.prune()

    made, pruned = _with_backups(work, folder)
    if json:
        from tg_parser.services.views.upkeep import CreatedBackup

        emit_json(CreatedBackup.of(made, pruned))
        return
    rows = sum(table.rows for table in made.manifest.contents.tables.values()) if made.manifest else 0
    emit_facts([("backup", made.name), ("in", made.path), ("size", _size(made.size)), ("rows", rows)])
    for each in pruned:
        emit_line(f"pruned {each.name}")


@commands.command("list")
def list_backups(folder: Folder = None, json: Json = False) -> None:
    """List the backups, newest first, with what is wrong with broken ones."""
    found = _with_backups(lambda service: service.all(), folder)
    if json:
        from tg_parser.services.views.upkeep import BackupList, BackupView

        emit_json(BackupList(backups=tuple(map(BackupView.copied_from, found))))
    else:
        emit_table(("backup", "state", "made", "of", "size", "problem"), map(_line, found))


@commands.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of a backup, as shown by `backup list`.")
    ] = None,
    latest: Annotated[bool, typer.Option("--latest", help="Verify the newest intact backup.")] = False,
    scratch_url: Annotated[
        str | None, typer.Option("--scratch-url", help="Empty PostgreSQL database to restore into for the check.")
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Restore a backup to a temporary place and compare every table with the manifest."""
    if (name is None) != latest:
        raise UsageError("Give the name of a backup, or --latest.")

    async def work(service: BackupService) -> BackupCheck:
        with shown_progress() as report:
            return await service.verify(await service.find(name), report)

    verdict = _with_backups(work, folder, scratch_url)
    if json:
        from tg_parser.services.views.upkeep import BackupVerdict

        problems = tuple(verdict.problems)
        emit_json(BackupVerdict(backup=verdict.name, good=not problems, problems=problems))
    elif not verdict.problems:
        emit_line(f"{verdict.name} is intact: it was restored, and all tables match.")
    for problem in verdict.problems:
        say(f"{verdict.name}: {problem}")
    if verdict.problems:
        raise typer.Exit(EXIT_ERROR)


@commands.command()
def restore(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace the current data without asking.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Replace the current contents of the databases with a backup."""

    async def look(service: BackupService) -> tuple[Backup, list[str]]:
        return await service.find(name), [] if yes else await service.in_the_way()

    async def work(service: BackupService) -> Manifest:
        with shown_progress() as report:
            return await service.restore(backup, replace=yes or bool(replaced), report=report)

    backup, replaced = _with_backups(look, folder)
    if replaced:
        # Outside of the event loop, so that Ctrl-C ends the question at once.
        with error_boundary():
            _ask(name, replaced)
    manifest = _with_backups(work, folder)
    if json:
        from tg_parser.services.views.upkeep import RestoredBackup

        rows = {key: each.rows for key, each in manifest.contents.tables.items()}
        emit_json(RestoredBackup(restored=name, tables=rows))
    else:
        emit_table(("table", "rows"), [(key, each.rows) for key, each in manifest.contents.tables.items()])


@commands.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Remove backups that the BACKUP_KEEP_* settings do not keep, and broken backups older than a day."""
    gone = _with_backups(lambda service: service.prune(dry_run=dry_run), folder)
    if json:
        from tg_parser.services.views.upkeep import PrunedBackups

        emit_json(PrunedBackups(pruned=tuple(each.name for each in gone), dry_run=dry_run))
        return
    for each in gone:
        emit_line(f"{'would remove' if dry_run else 'removed'} {each.name}")
    if not gone:
        emit_line(f"Nothing {'would be' if dry_run else 'was'} removed: the BACKUP_KEEP_* settings keep all backups.")


def _with_backups(
    work: Callable[[BackupService], Coroutine[Any, Any, T]], folder: Path | None, scratch_url: str | None = None
) -> T:
    with error_boundary("Stopped. No partial backup was left, and nothing was restored in part."):
        return run(work(_service(folder, scratch_url)))


def _service(folder: Path | None, scratch_url: str | None) -> BackupService:
    from pydantic import SecretStr

    from tg_parser.wiring.backups import backup_service

    settings = settings_of_the_command()
    chosen: dict[str, Any] = {"dir": folder, "scratch_url": SecretStr(scratch_url) if scratch_url else None}
    given = {key: value for key, value in chosen.items() if value is not None}
    settings = settings.model_copy(update={"backup": settings.backup.model_copy(update=given)})
    return backup_service(settings)


def _ask(name: str, replaced: list[str]) -> None:
    say("This will be replaced:")
    for line in replaced:
        say(f"  {line}")
    confirm(f"Replace it with {name}?")


def _line(backup: Backup) -> tuple[object, ...]:
    origin = backup.manifest.origin if backup.manifest else None
    return backup.name, backup.state, backup.created_at, origin, _size(backup.size), backup.problem


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size / (1 << 10):.0f} KiB"
