"""Named locks between processes. The system releases them when a process dies, however it dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from tg_parser.domain.errors import BusyError

LOCKS = "locks"
"""The folder of lock files, next to what they guard."""


class Locks(Protocol):
    """Exclusive use of named work, such as `process:-100123`."""

    def exclusive(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold `name` for the length of the block. Raises BusyError, which names the holder."""
        ...


class FileLocks:
    """Locks as locked files in a folder beside the SQLite files. A second file names the last holder of each: on
    Windows nobody else can read a locked file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Hold `name` through a lock on a file of its own."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        holder = path.with_suffix(".holder")
        with contextlib.ExitStack() as held:
            if not try_lock(path, held):
                raise busy(name, _read(holder))
            holder.write_text(_holder(), "utf-8")
            yield


def try_lock(path: Path, held: contextlib.ExitStack) -> bool:
    """Lock the file `path` until `held` is closed or this process dies; False if another process holds it."""
    try:
        held.enter_context(FileLock(path, blocking=False, mode=0o644, thread_local=False))
    except Timeout:
        return False
    return True


def _read(holder: Path) -> str:
    try:
        return holder.read_text("utf-8", "replace")
    except OSError:
        return ""


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def busy(name: str, holder: str) -> BusyError:
    """The error about `name` being held; `holder` is empty when unknown."""
    what, _, channel = name.partition(":")
    by = f": {holder}" if holder else ""
    return BusyError(
        f"Another run is working on {channel or what} ({what}){by}.",
        "Wait until it is done, or stop it; then try again.",
    )
