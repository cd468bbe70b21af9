"""tg-parser as processes that need not load their libraries: one process loads them and forks one child a command.

A child is a process of its own, with the environment, folder and exit code that it was asked for. It starts in a
twentieth of the time, which a suite of many hundred commands is glad of.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOADED = (
    "tg_parser.cli.app",
    "tg_parser.wiring.app",
    "tg_parser.wiring.run",
    "tg_parser.config.logging",
    "tg_parser.llm.models.assembly",
    "tg_parser.llm.models.stages",
    "tg_parser.llm.models.openai",
    "tg_parser.ingestion.telegram.client",
    "tg_parser.ingestion.telegram.finding",
    "tg_parser.ingestion.telegram.requests",
    "tg_parser.ingestion.telegram.login",
    "tg_parser.cli.usage",
    "tg_parser.config.near_names",
    "tg_parser.llm.overrides",
    "tg_parser.storage.renumbering.common",
    "tg_parser.transfer.migration",
    "aiosqlite",
    "rich._emoji_codes",
    "rich.progress",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
)


class WarmProcess:
    """Runs commands in children of one loaded process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `tg-parser` with `arguments` to its end. Raises subprocess.TimeoutExpired."""
        done = self.run_in_bytes(arguments, env, cwd, seconds)
        said = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(arguments, done.returncode, *said)

    def run_in_bytes(
        self, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        """The same with what was written as it was written, in whatever encoding."""
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            code = self.run_at(out, err, arguments, env, cwd, seconds)
            said = out.read_bytes(), err.read_bytes()
        if code is None:
            raise subprocess.TimeoutExpired(arguments, seconds, *said)
        return subprocess.CompletedProcess(arguments, code, *said)

    def run_at(
        self, out: Path, err: Path, arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
    ) -> int | None:
        """The exit code of a command that writes to `out` and `err`, files or terminals; None where it took longer."""
        asked = {"arguments": arguments, "env": env, "cwd": str(cwd), "out": str(out), "err": str(err)}
        code: int | None = self._ask({**asked, "seconds": seconds})["code"]
        return code

    def _ask(self, asked: dict[str, Any]) -> Any:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the loaded process."""
        if self._process is not None:
            self._process.communicate()


def serve() -> None:
    """Load, then fork a child for every line of the input, and tell how it ended."""
    for module in LOADED:
        importlib.import_module(module)
    importlib.import_module("tg_parser.nlp.embeddings").loaded_model()
    importlib.import_module("tg_parser.cli.app").command_line()
    # A collection in a child would copy every page that the libraries are on.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(become(asked))
        sys.stdout.write(json.dumps({"code": ended(child, asked["seconds"])}) + "\n")
        sys.stdout.flush()


def become(asked: dict[str, Any]) -> int:
    """Be the command; its exit code."""
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    random.seed()
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY | os.O_CREAT),
        (2, asked["err"], os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags | os.O_NOCTTY, 0o600), number)
    take_encodings(asked["env"].get("PYTHONIOENCODING", ""))
    sys.argv = ["tg-parser", *asked["arguments"]]
    code: Any = 0
    try:
        importlib.import_module("tg_parser.cli.app").main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - the boundary of a process: Python itself would do this
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def take_encodings(told: str) -> None:
    """Give stdout and stderr what Python itself takes for them from PYTHONIOENCODING and a terminal when it starts."""
    encoding, _, errors = told.partition(":")
    asked = {"encoding": encoding or "utf-8", "closefd": False}
    sys.stdout = open(1, "w", errors=errors or "strict", **asked)  # noqa: SIM115 - a stream, not a path
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", **asked)  # noqa: SIM115


def ended(child: int, seconds: float) -> int | None:
    """The exit code of a child, negative for a signal; None for one that had to be killed after `seconds`."""
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    serve()
