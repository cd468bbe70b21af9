"""A command at work in a child of a loaded process, with what a subprocess.Popen offers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
from typing import IO, Any

NUMBER = struct.Struct("!i")
"""How the loaded process tells of a child: its id at first, its exit code at its end."""


class WarmChild:
    """A command at work; it takes what a subprocess.Popen takes."""

    def __init__(self, args: list[str], told: socket.socket, pipes: list[IO[Any] | None]) -> None:
        self.args = args
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = pipes
        self._told = told
        (self.pid,) = NUMBER.unpack(told.recv(NUMBER.size))

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._code(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        code = self._code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _code(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            self._told.settimeout(seconds)
            try:
                told = self._told.recv(NUMBER.size)
            except (BlockingIOError, TimeoutError):
                return None
            self._told.close()
            (self.returncode,) = NUMBER.unpack(told)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to one that still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def communicate(self, answer: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """All that it writes, after it was given an answer. Raises subprocess.TimeoutExpired."""
        written: dict[str, Any] = {"stdout": None, "stderr": None}

        def read(name: str, pipe: IO[Any]) -> None:
            with pipe:
                written[name] = pipe.read()

        pipes = {"stdout": self.stdout, "stderr": self.stderr}
        readers = [threading.Thread(target=read, args=each, daemon=True) for each in pipes.items() if each[1]]
        for reader in readers:
            reader.start()
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self.stdin:
                if answer:
                    self.stdin.write(answer)
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        return written["stdout"], written["stderr"]

    def __enter__(self) -> WarmChild:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for its end, after an error of the block by killing it, and close what leads to it."""
        if kind is not None:
            self.kill()
        for pipe in filter(None, (self.stdin, self.stdout, self.stderr)):
            pipe.close()
        self.wait()
