"""Put on PYTHONPATH, this takes from the product what Windows does not have.

Modules are gone for everybody. Functions are gone for the product alone: other libraries ask for the system's name,
which stays, and then expect them.
"""

from __future__ import annotations

import importlib.abc
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "uvloop"}
FUNCTIONS = {
    os: "fork forkpty getuid geteuid getgid getegid setuid chown fchown fchmod getpgid setsid killpg uname statvfs",
    signal: "alarm setitimer pthread_kill pthread_sigmask sigwait",
}


class _NotThere(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _without(module: ModuleType, name: str) -> None:
    there = getattr(module, name)

    def refused(*arguments: Any, **options: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("tg_parser"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return there(*arguments, **options)

    setattr(module, name, refused)


def _open(path: Any, flags: int, *arguments: Any, _there: Any = os.open, **options: Any) -> int:
    """Windows opens no folder."""
    if Path(path).is_dir() and sys._getframe(1).f_globals.get("__name__", "").startswith("tg_parser"):
        raise PermissionError(13, "Permission denied", str(path))
    return _there(path, flags, *arguments, **options)


for module in MODULES:
    sys.modules.pop(module, None)
sys.meta_path.insert(0, _NotThere())
for module, names in FUNCTIONS.items():
    for name in names.split():
        _without(module, name)
os.open = _open
