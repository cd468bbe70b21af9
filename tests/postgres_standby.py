"""A streaming replica of a test server, made by pg_basebackup."""

from __future__ import annotations

import shutil

import psycopg
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

    def start(self) -> None:
        """Make it, and give it something to follow: a primary at rest would be silent for up to 15 seconds."""
        super().start()
        with psycopg.connect(self._primary.url, autocommit=True) as primary:
            primary.execute("SELECT pg_log_standby_snapshot()")

    def promote(self) -> None:
        """Make it a primary of its own."""
        self._run("pg_ctl", "-w", "promote")
