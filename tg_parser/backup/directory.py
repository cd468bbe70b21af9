"""The folder of backups. Each is a folder that gets its name when complete; until then it is called `….partial`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tg_parser.backup.manifest import FORMAT, MANIFEST, Manifest, missing_or_cut, read_manifest
from tg_parser.domain.errors import BackupError, OutputError
from tg_parser.domain.paths import why_not_written
from tg_parser.storage.engine.durable import sync_folder
from tg_parser.storage.engine.locks import try_lock

PARTIAL = ".partial"
_LOCK = ".writing"
_NAME = re.compile(r"tg-parser-(\d{8}T\d{6}Z)(-\d+)?(\.partial)?")
_TIME = "%Y%m%dT%H%M%SZ"

BackupState = Literal["good", "broken", "running", "newer"]
"""`newer`: made by a version of TG_parser that writes another backup format."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup in the folder; `problem` says why it is not good, `size` is in bytes."""

    name: str
    path: Path
    state: BackupState
    created_at: datetime
    size: int
    manifest: Manifest | None = None
    problem: str | None = None

    @property
    def own_name(self) -> bool:
        """Whether it still has its original name; renamed backups are never removed automatically."""
        return _NAME.fullmatch(self.name) is not None


@dataclass(frozen=True, slots=True)
class BackupDraft:
    """A backup that is being written into `folder`."""

    name: str
    folder: Path

    def files(self) -> list[Path]:
        """The files written so far, by name."""
        return sorted(self.folder.iterdir())

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest; it must be the last file."""
        path = self.folder / MANIFEST
        path.touch(0o600)
        path.write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")


class BackupDirectory:
    """The backups in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Backup]:
        """Every backup, newest first, good or not. Raises OutputError if the folder cannot be read."""
        with backup_reference(self.folder):
            found = sorted(self.folder.iterdir()) if self.folder.exists() else []
            backups = [_seen(path) for path in found if path.is_dir() and _is_backup(path)]
        return sorted(backups, key=lambda each: (each.created_at, each.name), reverse=True)

    def find(self, name: str) -> Backup:
        """The backup with that name, if it is good. Raises BackupError."""
        found = next((each for each in self.all() if each.name == name), None)
        if found is None:
            raise BackupError(f"There is no backup {name!r} in {self.folder}.", case="no_backup", backup=name)
        return _trusted(found)

    def latest(self) -> Backup:
        """Return the newest intact backup. Raises BackupError if there is none."""
        good = (each for each in self.all() if each.state == "good")
        if (found := next(good, None)) is None:
            raise BackupError(f"There is no intact backup in {self.folder}.", case="no_good_backup")
        return found

    @contextlib.contextmanager
    def draft(self, moment: datetime) -> Iterator[BackupDraft]:
        """A new backup: complete and on disk after the block, removed if it fails. Raises OutputError."""
        with backup_reference(self.folder):
            name, folder = self._make_folder(moment)
            try:
                with _locked(folder):
                    yield BackupDraft(name, folder)
                    _sync(folder)
                    folder.rename(self.folder / name)
                    sync_folder(self.folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

    def remove(self, backup: Backup) -> None:
        """Delete a backup; what an interrupted deletion leaves is no longer a good backup. Raises OutputError."""
        with backup_reference(backup.path):
            (backup.path / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(backup.path)
            _lock_of(backup.path).unlink(missing_ok=True)

    def _make_folder(self, moment: datetime) -> tuple[str, Path]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first = f"tg-parser-{moment.astimezone(UTC).strftime(_TIME)}"
        number = 1
        while True:
            name = first if number == 1 else f"{first}-{number}"
            folder = self.folder / f"{name}{PARTIAL}"
            if not (self.folder / name).exists() and not folder.exists():
                folder.mkdir(mode=0o700)
                return name, folder
            number += 1


@contextlib.contextmanager
def backup_reference(path: Path) -> Iterator[None]:
    """Turns file errors into a sentence about `path`, or about the file they name."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"Backup {error.filename or path}: {why_not_written(error)}.",
            "Choose another folder (--dir, BACKUP_DIR), or fix that and run again.",
        ) from error


def _is_backup(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None or (path / MANIFEST).is_file()


def _seen(path: Path) -> Backup:
    manifest, state, problem = _judged(path)
    size = sum(each.stat().st_size for each in path.iterdir() if each.is_file())
    moment = manifest.created_at if manifest else _moment(path)
    return Backup(path.name, path, state, moment, size, manifest, problem)


def _judged(path: Path) -> tuple[Manifest | None, BackupState, str | None]:
    if path.name.endswith(PARTIAL):
        if _is_being_written(path):
            return None, "running", "it is being written"
        return None, "broken", "it was not finished"
    try:
        manifest = read_manifest(path)
    except BackupError as error:
        return None, "broken", error.message.removesuffix(".")
    if manifest.format > FORMAT:
        return manifest, "newer", f"it was made by TG_parser {manifest.product_version}, which is newer"
    problem = ", ".join(missing_or_cut(path, manifest.files))
    return manifest, "broken" if problem else "good", problem or None


def _trusted(backup: Backup) -> Backup:
    if backup.state != "good":
        hint = "Use that version." if backup.state == "newer" else None
        raise BackupError(
            f"Backup {backup.name} cannot be used: {backup.problem}.", hint, case="bad_backup", backup=backup.name
        )
    return backup


def _moment(path: Path) -> datetime:
    if match := _NAME.fullmatch(path.name):
        return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _lock_of(folder: Path) -> Path:
    """Beside the folder, which is renamed while the lock is held: Windows renames no folder with an open file."""
    return folder.with_name(f"{folder.name}{_LOCK}")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock that other processes can see, and that ends with this process however it ends."""
    try:
        with contextlib.ExitStack() as held:
            try_lock(_lock_of(folder), held)
            yield
    finally:
        _lock_of(folder).unlink(missing_ok=True)


def _is_being_written(folder: Path) -> bool:
    if not _lock_of(folder).exists():
        return False
    with contextlib.ExitStack() as probe:
        return not try_lock(_lock_of(folder), probe)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        # Windows flushes only files that are open for writing.
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
