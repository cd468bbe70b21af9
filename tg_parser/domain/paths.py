"""Paths as people write them, and why one cannot be written to."""

from __future__ import annotations

import errno
from pathlib import Path

_FULL = "there is no space left"
_NO_FOLDER = "a file stands where a folder must be"
_NO_FILE = "a folder stands where a file must be"
_FORBIDDEN = "this user may not write there"
_REASONS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EISDIR: _NO_FILE,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "nothing can be written to that disk",
    errno.ENAMETOOLONG: "the name is too long",
}


def expanded(path: Path | None) -> Path | None:
    """`path` with `~` expanded: not every shell does so, and settings files never do."""
    try:
        return path.expanduser() if path is not None else None
    except RuntimeError:
        return path


def why_not_written(error: OSError) -> str:
    """The reason in words that fit after a colon; for rare ones, the system's own message."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def file_in_the_way(folder: Path) -> Path | None:
    """The file that prevents a folder of that name."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return None if there is None or there.is_dir() else there
