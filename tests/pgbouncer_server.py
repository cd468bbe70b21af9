"""A PgBouncer in transaction mode before a test server, where the program is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgres_server import SERVICE_USER, free_port

# Debian puts it where only an administrator's path leads.
PROGRAM = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


@contextmanager
def pgbouncer(postgres_port: int, **settings: str) -> Iterator[int]:
    """The port of a PgBouncer before the server on `postgres_port`, as long as the block lasts."""
    assert PROGRAM is not None
    port = free_port()
    known = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": "3",
        "unix_socket_dir": "",
    }
    with tempfile.TemporaryDirectory(prefix="tg-parser-pgbouncer-") as folder:
        file = Path(folder) / "pgbouncer.ini"
        lines = [f"{name} = {value}" for name, value in (known | settings).items()]
        databases = f"[databases]\n* = host=127.0.0.1 port={postgres_port} user=postgres\n"
        file.write_text(databases + "[pgbouncer]\n" + "\n".join(lines) + "\n", "utf-8")
        Path(folder).chmod(0o755)
        command = [PROGRAM, str(file)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", SERVICE_USER, "--", *command]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, process)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise RuntimeError("PgBouncer ended at once")
