"""tg-parser as processes that need not load their libraries: one process loads them and forks one child a command.

A child is a process of its own, with the environment, folder, inputs and outputs, exit code and signals that any
process has. It starts in a fiftieth of the time, which a suite of many hundred commands is glad of. All processes of a
run share one that has loaded (`warm_server`).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import warm_server
from filelock import FileLock
from fresh_databases import FOLDER
from warm_child import WarmChild


class WarmProcess:
    """Runs commands in children of one loaded process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._turn = threading.Lock()

    def run(
        self,
        arguments: list[str],
        env: dict[str, str],
        cwd: Path,
        seconds: float,
        answer: str | None = None,
        file_size: int | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `tg-parser` with `arguments` to its end. Raises subprocess.TimeoutExpired."""
        pipe = subprocess.DEVNULL if answer is None else subprocess.PIPE
        with self.start(
            arguments, env, cwd, stdin=pipe, stdout=subprocess.PIPE, stderr=subprocess.PIPE, file_size=file_size
        ) as child:
            out, err = child.communicate(answer, seconds)
        return subprocess.CompletedProcess(arguments, child.wait(), out, err)

    def run_in_bytes(
        self, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        """The same with what was written as it was written, in whatever encoding."""
        pipe = subprocess.PIPE
        with self.start(arguments, env, cwd, stdout=pipe, stderr=pipe, in_bytes=True) as child:
            out, err = child.communicate(None, seconds)
        return subprocess.CompletedProcess(arguments, child.wait(), out, err)

    def start(
        self,
        arguments: list[str],
        env: dict[str, str],
        cwd: Path,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
        stderr: int = subprocess.DEVNULL,
        file_size: int | None = None,
        script: str | None = None,
        in_bytes: bool = False,
    ) -> WarmChild:
        """Start `tg-parser` or a script with `arguments`; inputs and outputs are those of subprocess.Popen."""
        pipes: list[IO[Any] | None] = []
        kind = "b" if in_bytes else ""
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as handed, self._turn:
            handed.callback(theirs.close)
            ends: list[int] = []
            for number, wanted in enumerate((stdin, stdout, stderr)):
                end, pipe = _connected(number, ends[-1] if wanted == subprocess.STDOUT else wanted, handed)
                ends.append(end)
                pipes.append(os.fdopen(pipe, ("w" if number == 0 else "r") + kind) if pipe else None)
            socket.send_fds(self._loaded(), [b"."], [*ends, theirs.fileno()])
        asked = {"arguments": arguments, "env": env, "cwd": str(cwd), "file_size": file_size, "script": script}
        ours.sendall(json.dumps(asked).encode() + b"\n")
        return WarmChild(arguments, ours, pipes)

    def _loaded(self) -> socket.socket:
        if self._control is None:
            place = Path(os.environ[FOLDER], "warm")
            with FileLock(place.with_name("warm-lock")):
                self._control = _joined(place) or self._begun(place)
        return self._control

    def _begun(self, place: Path) -> socket.socket:
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, warm_server.__file__, str(listener.fileno())], pass_fds=[listener.fileno()]
            )
        joined = _joined(place)
        assert joined, "the process that loads everything has ended"
        return joined

    def close(self) -> None:
        """Leave the loaded process, which ends with the last who leaves it; who began it waits for its end."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()


def _joined(place: Path) -> socket.socket | None:
    """A connection to the loaded process, where there is one that takes it."""
    control = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError):
        control.connect(str(place))
        if control.recv(1):
            return control
    control.close()
    return None


def _connected(number: int, wanted: int, handed: contextlib.ExitStack) -> tuple[int, int | None]:
    """The descriptor for a child, and where there is a pipe the other end of it."""
    if wanted == subprocess.DEVNULL:
        end, other = os.open(os.devnull, os.O_RDWR), None
    elif wanted == subprocess.PIPE:
        end, other = os.pipe() if number == 0 else os.pipe()[::-1]
    else:
        return wanted, None
    handed.callback(os.close, end)
    return end, other
