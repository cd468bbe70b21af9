"""tg-parser as a process of its own, and the files it exported."""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from warm_child import WarmChild
from warm_process import WarmProcess

from tg_parser.sample import SAMPLE_EXPORT

SECONDS = 120
WARM = WarmProcess()
atexit.register(WARM.close)
_TIMES = re.compile(rb'"(created_at|updated_at)":\s?"[^"]*"')


def command(*arguments: str | Path) -> list[str]:
    """The command line of `tg-parser` with `arguments`."""
    return [sys.executable, "-m", "tg_parser", *map(str, arguments)]


def tg_parser(
    env: dict[str, str], *arguments: str | Path, cwd: Path, code: int | None = 0, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as a child of a warm process, and hold it to an exit code; None is any.

    It may be given an `answer` on its input, and a `file_size` that no file may grow beyond.
    """
    done = WARM.run([str(argument) for argument in arguments], env, cwd, SECONDS, **more)
    assert code in {None, done.returncode}, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def begin(
    env: dict[str, str],
    *arguments: str | Path,
    cwd: Path,
    stdin: int = DEVNULL,
    stdout: int = DEVNULL,
    stderr: int = DEVNULL,
    script: str | None = None,
) -> WarmChild:
    """Start a command, or a script, that runs beside the test, as a child of a warm process."""
    called = [str(argument) for argument in arguments]
    return WARM.start(called, env, cwd, stdin=stdin, stdout=stdout, stderr=stderr, script=script)


def tg_parser_json(env: dict[str, str], *arguments: str | Path, cwd: Path) -> Any:
    """The JSON result of a command that succeeds."""
    return json.loads(tg_parser(env, *arguments, "--json", cwd=cwd).stdout)


def exported(folder: Path) -> dict[str, bytes]:
    """The files of an export by name, times of the run aside."""
    return {path.name: _TIMES.sub(rb'"\1":""', path.read_bytes()) for path in sorted(folder.iterdir())}


def small_export(folder: Path, messages_a_chat: int) -> Path:
    """The bundled sample cut down to its first messages."""
    account = json.loads(SAMPLE_EXPORT.read_text("utf-8"))
    for chat in account["chats"]["list"]:
        chat["messages"] = chat["messages"][:messages_a_chat]
    path = folder / "result.json"
    path.write_text(json.dumps(account, ensure_ascii=False), "utf-8")
    return path
