"""Processor time of processes, of a PostgreSQL on this machine and of the machine itself, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _OF_ENDED = 1, slice(11, 13), slice(13, 15)
"""Where /proc/PID/stat tells, behind the name, of the parent, and of user and system time: own, of children gone."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Processor time, so far or of a while."""

    workers: float
    server: float
    busy: float
    idle: float

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(
            self.workers - other.workers, self.server - other.server, self.busy - other.busy, self.idle - other.idle
        )

    def share(self, seconds: float) -> float:
        """`seconds` of all that the processors had."""
        return seconds / (self.busy + self.idle)


def spent(workers: Iterable[int], backend: int | None) -> Seconds:
    """What was spent so far by `workers` and by the server that has the process `backend`, if any."""
    *_, idle, iowait, irq, softirq, steal = (int(each) for each in _machine()[:8])
    used = sum(int(each) for each in _machine()[:3]) + irq + softirq + steal
    server = _of_server(backend) if backend else 0.0
    return Seconds(sum(_own(each) for each in workers), server, used * _TICK, (idle + iowait) * _TICK)


def _machine() -> list[str]:
    return Path("/proc/stat").read_text("utf-8").partition("\n")[0].split()[1:]


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()


def _own(process: int) -> float:
    return sum(int(each) for each in _stat(process)[_OWN]) * _TICK


def _of_server(backend: int) -> float:
    parent = int(_stat(backend)[_PARENT])
    total = _own(parent) + sum(int(each) for each in _stat(parent)[_OF_ENDED]) * _TICK
    for process in (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(_stat(process)[_PARENT]) == parent:
                total += _own(process)
    return total
