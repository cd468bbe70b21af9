"""A command as a person sees it: on a terminal of its own, with a width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
import tty
from pathlib import Path

from cli_process import SECONDS, begin
from warm_child import WarmChild

_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(
    env: dict[str, str], *arguments: str | Path, cwd: Path, columns: int = 80, answer: str = ""
) -> tuple[int, str]:
    """The exit code of a command on a terminal `columns` wide, and all that stood there, without styles."""
    leader, follower = pty.openpty()
    tty.setraw(follower)
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    wide = {**env, "COLUMNS": str(columns), "TERM": "xterm"}
    process = begin(wide, *arguments, cwd=cwd, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    os.write(leader, answer.encode())
    shown = _all_of(leader, process, time.monotonic() + SECONDS)
    return process.wait(SECONDS), _STYLES.sub("", shown.decode("utf-8", "replace")).replace("\r\n", "\n")


def _all_of(leader: int, process: WarmChild, deadline: float) -> bytes:
    shown = b""
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([leader], [], [], 0.2)
            if ready:
                shown += os.read(leader, 65536)
            elif process.poll() is not None:
                break
    except OSError:  # Linux tells so that the last one has hung up.
        pass
    finally:
        os.close(leader)
        if process.poll() is None and time.monotonic() >= deadline:
            process.kill()
    return shown
