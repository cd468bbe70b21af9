"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path


def expanded(path: Path | None) -> Path | None:
    """`path` with `~` as the home of the user: not every shell puts it in, and no file of settings does."""
    try:
        return path.expanduser() if path is not None else None
    except RuntimeError:
        return path
