"""Backups: create, list, verify, restore and prune."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tg_parser import __version__
from tg_parser.backup.backend import BackupBackend
from tg_parser.backup.directory import Backup, BackupDirectory, BackupDraft, backup_reference
from tg_parser.backup.manifest import Manifest, damaged, differences, file_facts
from tg_parser.backup.retention import Retention, kept
from tg_parser.backup.thread import BackupThread, in_thread
from tg_parser.domain.errors import BackupError
from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.migrator import head, known_revisions
from tg_parser.storage.tables import DATABASES, DatabaseName

__all__ = ["Backup", "BackupCheck", "BackupService", "Manifest"]

BROKEN_STAYS = timedelta(days=1)
"""Broken backups are kept this long, so that the cause can be found."""


@dataclass(frozen=True, slots=True)
class BackupCheck:
    """Problems found when verifying a backup; empty if it is intact."""

    name: str
    problems: list[str]


class BackupService:
    """Backups of the databases. `connect` opens the backend; `upgrade` upgrades the schemas.

    The event loop is not blocked. A cancelled operation stops within moments and leaves nothing unfinished behind: no
    folder, no scratch database, and on PostgreSQL nothing restored. SQLite files are restored one by one.
    """

    def __init__(
        self,
        directory: BackupDirectory,
        connect: Callable[[], BackupBackend],
        retention: Retention,
        upgrade: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._directory = directory
        self._connect = connect
        self._retention = retention
        self._upgrade = upgrade
        self._clock = clock

    async def create(self, report: ReportProgress = silent) -> Backup:
        """Create a backup; a failed one is removed. Raises StorageError, BackupError, OutputError."""
        return await in_thread(self._create, report)

    async def all(self) -> list[Backup]:
        """Return all backups, newest first, including broken ones."""
        return await in_thread(lambda _: self._directory.all())

    async def find(self, name: str | None) -> Backup:
        """Return an intact backup by name, or the latest. Raises BackupError."""
        directory = self._directory
        return await in_thread(lambda _: directory.latest() if name is None else directory.find(name))

    async def verify(self, backup: Backup, report: ReportProgress = silent) -> BackupCheck:
        """Check the files, restore them to a temporary place, and compare every table with the manifest."""
        return await in_thread(lambda thread: self._verify(backup, thread), report)

    async def in_the_way(self) -> list[str]:
        """Describe what a restore would replace."""
        return await in_thread(lambda thread: self._connect().holdings(thread))

    async def restore(self, backup: Backup, *, replace: bool, report: ReportProgress = silent) -> Manifest:
        """Replace the current data with the backup, then upgrade its schema if it is older.

        Raises BackupError if it is damaged, of a newer schema or another backend, or if data exist and not `replace`.
        """
        manifest, is_older = await in_thread(lambda thread: self._restore(backup, thread, replace=replace), report)
        if is_older:
            await self._upgrade()
        return manifest

    async def prune(self, *, dry_run: bool = False) -> list[Backup]:
        """Remove backups not covered by the retention and broken ones older than a day; return the removed ones."""
        return await in_thread(lambda thread: self._prune(thread, dry_run=dry_run))

    def _create(self, thread: BackupThread) -> Backup:
        backend, moment = self._connect(), self._clock()
        with self._directory.draft(moment) as draft:
            draft.write_manifest(_described(backend, draft, moment, thread))
            thread.check()
        return self._directory.find(draft.name)

    def _verify(self, backup: Backup, thread: BackupThread) -> BackupCheck:
        manifest, backend = _manifest(backup), self._fitting(backup)
        with backup_reference(backup.path):
            problems = damaged(backup.path, manifest.files, thread.tell)
        if not problems:
            with backend.rehearsed(backup.path, thread) as contents:
                problems = differences(manifest.contents, contents)
        return BackupCheck(backup.name, problems)

    def _restore(self, backup: Backup, thread: BackupThread, *, replace: bool) -> tuple[Manifest, bool]:
        """Restore; return the manifest, and whether a restored schema is older than this version's."""
        manifest, backend = _manifest(backup), self._fitting(backup)
        _refuse_newer_schema(backup.name, manifest)
        with backup_reference(backup.path):
            problems = damaged(backup.path, manifest.files, thread.tell)
        if problems:
            raise BackupError(f"Backup {backup.name} is damaged: {problems[0]}.", "Choose another one.")
        if not replace and backend.holdings(thread):
            raise BackupError(f"{backend.origin} is not empty.", "Use --yes to replace the existing data.")
        if problems := differences(manifest.contents, backend.restore(backup.path, thread)):
            raise BackupError(
                f"Backup {backup.name} was restored with differences: {problems[0]}.", "Verify the backup."
            )
        return manifest, any(revision != head(name) for name, revision in _revisions(manifest))

    def _prune(self, thread: BackupThread, *, dry_run: bool) -> list[Backup]:
        doomed = to_prune(self._directory.all(), self._retention, self._clock())
        if not dry_run:
            for backup in doomed:
                thread.check()
                self._directory.remove(backup)
        return doomed

    def _fitting(self, backup: Backup) -> BackupBackend:
        backend, made_of = self._connect(), _manifest(backup).backend
        if made_of != backend.name:
            raise BackupError(
                f"Backup {backup.name} was made with {made_of}, but DB_TYPE is {backend.name}.",
                f"Set DB_TYPE={made_of} and the variables of its databases.",
            )
        return backend


def _described(backend: BackupBackend, draft: BackupDraft, moment: datetime, thread: BackupThread) -> Manifest:
    dumped = backend.dump(draft.folder, thread)
    return Manifest(
        name=draft.name,
        created_at=moment,
        product_version=__version__,
        backend=backend.name,
        origin=backend.origin,
        dump_version=dumped.dump_version,
        contents=dumped.contents,
        files={path.name: file_facts(path, thread.tell) for path in draft.files()},
    )


def to_prune(backups: Iterable[Backup], retention: Retention, now: datetime) -> list[Backup]:
    """Return the backups to remove. Retention counts per origin; backups named by a user are kept."""
    own = [each for each in backups if each.own_name]
    broken = [each for each in own if each.state == "broken" and now - each.created_at > BROKEN_STAYS]
    stays: set[str] = set()
    for origin in {_manifest(each).origin for each in own if each.state == "good"}:
        good = [each for each in own if each.state == "good" and _manifest(each).origin == origin]
        moments = kept([each.created_at for each in good], retention)
        stays |= {each.name for each in good if each.created_at in moments}
    return broken + [each for each in own if each.state == "good" and each.name not in stays]


def _manifest(backup: Backup) -> Manifest:
    if backup.manifest is None:
        raise BackupError(f"Backup {backup.name} cannot be used: {backup.problem}.")
    return backup.manifest


def _revisions(manifest: Manifest) -> Iterable[tuple[DatabaseName, str]]:
    return [(name, manifest.contents.schemas[name]) for name in DATABASES]


def _refuse_newer_schema(name: str, manifest: Manifest) -> None:
    for database, revision in _revisions(manifest):
        if revision not in known_revisions(database):
            raise BackupError(
                f"Backup {name} has a newer {database} schema ({revision}) than this version supports.",
                f"Restore it with TG_parser {manifest.product_version}, which created it, or a newer version.",
            )
