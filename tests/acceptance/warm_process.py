"""tg-parser as processes that need not load their libraries: one process loads them and forks one child a command.

A child is a process of its own, with the environment, folder, inputs and outputs, exit code and signals that any
process has. It starts in a twentieth of the time, which a suite of many hundred commands is glad of.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import random
import resource
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, Any

from warm_child import NUMBER, WarmChild

LOADED = "sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.dialects.postgresql.psycopg"
READ = (
    "Вчера Владимир Путин провёл в Москве совещание с представителями Газпрома о новых мостах.",
    "Учора Володимир Зеленський провів у Києві нараду щодо відбудови нових мостів.",
    "Yesterday the minister opened a new bridge in London, and the traffic became faster.",
)
"""Texts that make the text tools load their dictionaries."""


class WarmProcess:
    """Runs commands in children of one loaded process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
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
        if self._process is None or self._process.poll() is not None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
                )
        return self._control

    def close(self) -> None:
        """End the loaded process."""
        if self._process is not None:
            self._control.close()
            self._process.wait()


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


def load() -> None:
    """Import every module of the product, and have the text tools load what they load when first used."""
    product = importlib.import_module("tg_parser")
    found = [each.name for each in pkgutil.walk_packages(product.__path__, "tg_parser.")]
    for module in [*found, *LOADED]:
        if module != "tg_parser.__main__" and not module.startswith("tg_parser.migrations"):
            importlib.import_module(module)
    nlp = importlib.import_module("tg_parser.nlp")
    for text in READ:
        nlp.embeddings.SentenceEncoder().embed([text])
        language = nlp.language.detect_language(text)
        nlp.keyphrases.key_phrases(text, language)
        nlp.summary.summarize(text, language)
        nlp.sentiment.sentiment(text, language, None)
        nlp.names.find_names(text)
    importlib.import_module("tg_parser.cli.app").command_line()


def serve(control: socket.socket) -> None:
    """Load, then fork a child for every one that is asked for, and tell its id and its exit code."""
    load()
    gc.collect()
    gc.freeze()  # A collection in a child would copy all these pages.
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as awaited:
        awaited.register(control, selectors.EVENT_READ)
        awaited.register(woken, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in awaited.select()}
            if woken in ready:
                woken.recv(4096)
                _tell_of_ended(running)
            if control in ready:
                message, ends, _, _ = socket.recv_fds(control, 1, 4)
                if not message:
                    return
                _begin(ends, running)


def _begin(ends: list[int], running: dict[int, socket.socket]) -> None:
    told = socket.socket(fileno=ends.pop())
    child = os.fork()
    if child == 0:
        os._exit(become(told, ends))
    for end in ends:
        os.close(end)
    running[child] = told
    told.sendall(NUMBER.pack(child))


def _tell_of_ended(running: dict[int, socket.socket]) -> None:
    while running:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with running.pop(child) as told, contextlib.suppress(BrokenPipeError):
            told.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))


def become(told: socket.socket, ends: list[int]) -> int:
    """Be the command that is asked for; its exit code."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with told, told.makefile("rb") as asking:
        asked = json.loads(asking.readline())
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    sys.path.extend(asked["env"].get("PYTHONPATH", "").split(os.pathsep))
    os.chdir(asked["cwd"])
    random.seed()
    os.setsid()
    if limit := asked["file_size"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    _connect(ends)
    script = asked["script"]
    sys.argv = [script or "tg-parser", *asked["arguments"]]
    code: Any = 0
    try:
        runpy.run_path(script, run_name="__main__") if script else importlib.import_module("tg_parser.cli.app").main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the boundary of a process: Python itself would do this
        traceback.print_exc()
        code = 1
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def _connect(ends: list[int]) -> None:
    # All three are moved out of the way first: one of them may have the number of another.
    for number, end in enumerate([os.dup(end) for end in ends]):
        os.dup2(end, number)
    # Encodings as Python itself takes them when it starts.
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    strict = errors or "strict"
    for name, number, mode, wrong in (("stdin", 0, "r", strict), ("stdout", 1, "w", strict), ("stderr", 2, "w", None)):
        line_by_line = number == 2 or os.isatty(number)
        setattr(
            sys,
            name,
            open(  # noqa: SIM115
                number,
                mode,
                1 if line_by_line else -1,
                encoding=encoding or "utf-8",
                errors=wrong or "backslashreplace",
                closefd=False,
            ),
        )


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
