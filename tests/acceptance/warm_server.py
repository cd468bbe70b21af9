"""The process that has loaded everything and becomes, in a child each, what `warm_process` is asked for."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import random
import re
import resource
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from warm_child import NUMBER

LOADED = "sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.dialects.postgresql.psycopg"
READ = (
    "Вчера Владимир Путин провёл в Москве совещание с представителями Газпрома о новых мостах.",
    "Учора Володимир Зеленський провів у Києві нараду щодо відбудови нових мостів.",
    "Yesterday the minister opened a new bridge in London, and the traffic became faster.",
)
"""Texts that make the text tools load their dictionaries."""
MAPPINGS = Path("/proc/self/maps")
ANONYMOUS = re.compile(r"(\w+)-(\w+) rw-p 0+ 00:00 0\s+(\[heap\])?$")
LARGE_PAGE, MADV_COLLAPSE = 2 << 20, 25


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
        nlp.names.find_names(text, language)
    importlib.import_module("tg_parser.cli.app").command_line()


def get_used() -> None:
    """Have the first commands done, on a knowledge base that is thrown away: what they prepare, others need not."""
    messages = [
        {"id": number, "type": "message", "date_unixtime": str(1_700_000_000 + number), "text": text}
        for number, text in enumerate(READ, 1)
    ]
    surrounding = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        export, out = Path(home, "result.json"), Path(home, "out")
        chat = {"name": "A", "type": "public_channel", "id": 1234567890, "messages": messages}
        export.write_text(json.dumps(chat), "utf-8")
        os.environ.clear()
        os.environ["TG_PARSER_HOME"] = home
        for words in (["run", "--from-export", str(export), "--out", str(out)], ["status"], ["status", "--json"]):
            sys.argv = ["tg-parser", *words]
            said = io.TextIOWrapper(written := io.BytesIO(), encoding="utf-8")
            with said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                ended = code_of(importlib.import_module("tg_parser.cli.app").main)
                said.flush()
                assert ended == 0, written.getvalue().decode()
    os.environ.clear()
    os.environ.update(surrounding)
    forget()


def forget() -> None:
    """Drop what the interface of the product keeps for the length of a process: each child reads its own settings."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("tg_parser.cli", "tg_parser.config", "tg_parser.wiring")):
            for own, kept in list(vars(module).items()):
                getattr(kept, "cache_clear", lambda: None)()
                # What a process has pointed out already, and what it must mask.
                if isinstance(kept, list | set) and not own.startswith("__"):
                    kept.clear()
    importlib.import_module("tg_parser.cli.app").command_line()


def lie_in_large_pages() -> None:
    """Have Linux lay the memory into pages of 2 MB: a fork copies the table of the pages, which then is short."""
    if not MAPPINGS.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    for line in MAPPINGS.read_text(encoding="utf-8").splitlines():
        if anonymous := ANONYMOUS.match(line):
            begin, end = -(-int(anonymous[1], 16) // LARGE_PAGE), int(anonymous[2], 16) // LARGE_PAGE
            if begin < end:
                # What cannot be done is left as it is: the fork is slower then.
                madvise(ctypes.c_void_p(begin * LARGE_PAGE), ctypes.c_size_t((end - begin) * LARGE_PAGE), MADV_COLLAPSE)


class WarmServer:
    """Forks a child for every command that one of its clients asks for, and tells the child's id and exit code."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._clients = set[socket.socket]()
        self._running: dict[int, socket.socket] = {}
        self._awaited = selectors.DefaultSelector()

    def serve(self) -> None:
        """Be there until the last client leaves."""
        signal.set_wakeup_fd(self._waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._awaited.register(self._listener, selectors.EVENT_READ, self._welcome)
        self._awaited.register(self._woken, selectors.EVENT_READ, self._tell_of_ended)
        self._welcome(self._listener)
        while self._clients:
            for key, _ in self._awaited.select():
                key.data(key.fileobj)

    def _welcome(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        client.sendall(b".")
        self._clients.add(client)
        self._awaited.register(client, selectors.EVENT_READ, self._do)

    def _do(self, client: socket.socket) -> None:
        message, ends, _, _ = socket.recv_fds(client, 1, 4)
        if message:
            self._begin(ends)
        else:
            self._awaited.unregister(client)
            self._clients.remove(client)
            client.close()

    def _begin(self, ends: list[int]) -> None:
        told = socket.socket(fileno=ends.pop())
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._awaited.close()
            for kept in (self._listener, self._woken, self._waker, *self._clients):
                kept.close()
            os._exit(become(told, ends))
        for end in ends:
            os.close(end)
        self._running[child] = told
        told.sendall(NUMBER.pack(child))

    def _tell_of_ended(self, woken: socket.socket) -> None:
        woken.recv(4096)
        while self._running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            with self._running.pop(child) as told, contextlib.suppress(BrokenPipeError):
                told.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))


def become(told: socket.socket, ends: list[int]) -> int:
    """Be the command that is asked for; its exit code."""
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
    if script:
        code = code_of(lambda: runpy.run_path(script, run_name="__main__"))
    else:
        code = code_of(importlib.import_module("tg_parser.cli.app").main)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    return code


def code_of(main: Callable[[], object]) -> int:
    """The exit code of a process that does this."""
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the boundary of a process: Python itself would do this
        traceback.print_exc()
        code = 1
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
    asked_at = socket.socket(fileno=int(sys.argv[1]))
    load()
    get_used()
    gc.collect()
    gc.freeze()  # A collection in a child would copy all these pages.
    lie_in_large_pages()
    WarmServer(asked_at).serve()
