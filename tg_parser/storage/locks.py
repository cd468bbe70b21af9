"""Named locks that keep two processes apart. The system takes them back when a process dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from tg_parser.domain.errors import BusyError


class Locks(Protocol):
    """Exclusive use of named work, such as `process:-100123`."""

    def exclusive(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold `name` for the length of the block. Raises BusyError, which says who holds it."""
        ...


class FileLocks:
    """Locks as locked files in a folder beside the SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Hold `name` by a lock on a file that carries the holder's process id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise busy(name, os.read(handle, 200).decode(errors="replace")) from None
            os.ftruncate(handle, 0)
            os.write(handle, _holder().encode())
            yield
        finally:
            os.close(handle)


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def busy(name: str, holder: str) -> BusyError:
    """The error about `name` being held; `holder` is empty where nobody knows by whom."""
    what, _, channel = name.partition(":")
    by = f": {holder}" if holder else ""
    return BusyError(
        f"Another run is at work on {channel or what} ({what}){by}.",
        "Wait until it is done, or stop it; then try again.",
    )
