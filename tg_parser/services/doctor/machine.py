"""Checks the machine: disk space, permissions of folders, the clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tg_parser
from tg_parser.config.secrets import is_session_string
from tg_parser.config.settings import Settings
from tg_parser.domain.paths import file_in_the_way
from tg_parser.domain.utc_time import moment_text
from tg_parser.services.doctor.finding import Finding

LITTLE_ROOM, NO_ROOM = 1 << 30, 100 << 20
"""Free bytes below which a disk gets a warning, or fails the check."""
CLOCK_TOLERANCE, WRONG_CLOCK = timedelta(seconds=5), timedelta(seconds=60)
"""Difference of two clocks that gets a warning, or fails the check: Telegram refuses a wrong clock."""


def check_disk(settings: Settings) -> Finding:
    """Check whether all data folders are writable, and how much space their disks have."""
    folders = _written_folders(settings)
    problems = {problem for name, folder in folders.items() if (problem := _why_closed(name, folder))}
    if problems:
        return Finding(
            "disk",
            "failed",
            f"Folders are not writable: {'; '.join(sorted(problems))}.",
            "Let the user that runs TG_parser write there, or choose another folder: --data-dir, TG_PARSER_HOME.",
        )
    room = {name: shutil.disk_usage(_existing(folder)).free for name, folder in folders.items()}
    least = min(room, key=lambda name: room[name])
    return room_finding(_existing(folders[least]), least, room[least])


def room_finding(folder: Path, name: str, free: int) -> Finding:
    """Check whether `free` bytes are enough on the disk of `folder`, which contains what `name` says."""
    message = f"{_size(free)} are free in {folder} ({name})."
    if free >= LITTLE_ROOM:
        return Finding("disk", "ok", message)
    hint = "Free some space, or move the folder to a larger disk."
    return Finding("disk", "failed" if free < NO_ROOM else "warning", message, hint)


def check_clock(now: datetime, others: Mapping[str, datetime], latest: datetime | None) -> Finding:
    """Compare `now` with other clocks, by name, and with times that must be in the past: installation and `latest`."""
    for name, other in others.items():
        apart = abs(now - other)
        if apart > CLOCK_TOLERANCE:
            side = "ahead of" if now > other else "behind"
            message = f"This machine's clock is {apart.total_seconds():.0f} seconds {side} {name}."
            return Finding("clock", "failed" if apart > WRONG_CLOCK else "warning", message, _SET_CLOCK)
    past = max(filter(None, (_installed_at(), latest)))
    if past > now + WRONG_CLOCK:
        message = f"This machine's clock shows {moment_text(now)}, but something was stored at {moment_text(past)}."
        return Finding("clock", "failed", message, _SET_CLOCK)
    agreeing = f", like {' and '.join(others)}" if others else ""
    return Finding("clock", "ok", f"{moment_text(now)}{agreeing}.")


_SET_CLOCK = "Synchronise the clock, on most systems with: timedatectl set-ntp true"


def _installed_at() -> datetime:
    return datetime.fromtimestamp(Path(tg_parser.__file__).stat().st_mtime, UTC)


def _written_folders(settings: Settings) -> Mapping[str, Path]:
    session = settings.telegram.session.get_secret_value()
    folders = {"backups": settings.backup.dir, "archives of agents": settings.agents.archive_dir}
    if not is_session_string(session):
        folders["Telegram session"] = Path(session).parent
    if settings.database.type == "sqlite":
        database = settings.database
        paths = (database.ingestion_state_path, database.raw_storage_path, database.processing_storage_path)
        folders |= {f"database {path.name}": path.parent for path in paths}
    return {name: folder.expanduser().absolute() for name, folder in folders.items()}


def _existing(folder: Path) -> Path:
    """Return `folder`, or the parent in which it would be created."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _why_closed(name: str, folder: Path) -> str | None:
    if file := file_in_the_way(folder):
        return f"{file} is a file, but must be a folder ({name})"
    there = _existing(folder)
    return None if os.access(there, os.W_OK | os.X_OK) else f"this user may not write to {there} ({name})"


def _size(number: int) -> str:
    return f"{number / (1 << 30):.1f} GB" if number >= 1 << 30 else f"{number / (1 << 20):.0f} MB"
