"""A command as a person sees it: on a terminal of its own, with a width."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import tty
from pathlib import Path

from cli_process import SECONDS, WARM

_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(env: dict[str, str], *arguments: str | Path, cwd: Path, columns: int = 80) -> tuple[int, str]:
    """The exit code of a command on a terminal `columns` wide, and all that stood there, without styles."""
    leader, follower = pty.openpty()
    tty.setraw(follower)
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    shown: list[bytes] = []
    reader = threading.Thread(target=_keep_reading, args=(leader, shown))
    reader.start()
    place = Path(os.ttyname(follower))
    wide = {**env, "COLUMNS": str(columns), "TERM": "xterm"}
    try:
        code = WARM.run_at(place, place, [str(argument) for argument in arguments], wide, cwd, SECONDS)
    finally:
        os.close(follower)
        reader.join()
        os.close(leader)
    said = _STYLES.sub("", b"".join(shown).decode("utf-8", "replace"))
    if code is None:
        raise subprocess.TimeoutExpired(list(arguments), SECONDS, said)
    return code, said


def _keep_reading(leader: int, shown: list[bytes]) -> None:
    """Take what is written until the last one has hung up, which Linux tells as an error."""
    with contextlib.suppress(OSError):
        while part := os.read(leader, 65536):
            shown.append(part)
