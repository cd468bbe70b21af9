"""Paths given by people, and why one cannot be written to."""

from __future__ import annotations

import errno
from pathlib import Path

_FULL = "no space left on the disk"
_NO_FOLDER = "a file exists where a folder is needed"
_NO_FILE = "a folder exists where a file is needed"
_FORBIDDEN = "this user may not write there"
_REASONS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EISDIR: _NO_FILE,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
}


def expanded(path: Path | None) -> Path | None:
    """Return `path` with `~` expanded, which not every shell does and settings files never do."""
    try:
        return path.expanduser() if path is not None else None
    except RuntimeError:
        return path


def why_not_written(error: OSError) -> str:
    """Return the reason in words that fit after a colon, or the system's own message for rare ones."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def file_in_the_way(folder: Path) -> Path | None:
    """Return the file that prevents creating a folder of that name."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return None if there is None or there.is_dir() else there
