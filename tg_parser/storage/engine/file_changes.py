"""Tells that somebody else has written to a file of SQLite, which costs next to nothing to ask."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy.ext.asyncio import AsyncEngine


class FileChanges:
    """What other connections than its own have written since it was last asked."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._current()

    def any(self) -> bool:
        """Whether there is something new; also where that cannot be told now."""
        before, self._version = self._version, self._current()
        return self._version is None or self._version != before

    def _current(self) -> int | None:
        with contextlib.suppress(sqlite3.OperationalError):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        return None


@contextlib.contextmanager
def changes_of(engine: AsyncEngine) -> Iterator[FileChanges]:
    """What is written to the file of `engine` during the block."""
    # It never waits, as whoever asks is the event loop.
    with closing(sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)) as connection:
        yield FileChanges(connection)
