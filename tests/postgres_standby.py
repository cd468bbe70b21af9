"""A streaming replica of a test server, made by pg_basebackup."""

from __future__ import annotations

import shutil

from postgres_server import SERVICE_USER, PostgresServer


class PostgresStandby(PostgresServer):
    """Follows `primary`, whose programs it uses. It can be held back, promoted and stopped."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary

    def create(self) -> None:
        """Copy the primary."""
        self.binaries = self._primary.binaries
        if self._as_root:
            shutil.chown(self.folder, SERVICE_USER)
        self._run("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", self._primary.url)

    def promote(self) -> None:
        """Make it a primary of its own."""
        self._run("pg_ctl", "-w", "promote")
