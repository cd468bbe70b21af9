"""The units of deploy/systemd, read as systemd reads them."""

from __future__ import annotations

import shlex
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy/systemd"
PROGRAM = "/opt/tg-parser/venv/bin/tg-parser"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))

Unit = dict[str, dict[str, list[str]]]


def unit(name: str) -> Unit:
    """The values of every key, in order, by section."""
    found: Unit = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[section][key].append(value)
    return found


def commands(name: str, instance: str = "1") -> list[list[str]]:
    """What a service runs, one after the other, without the program itself."""
    lines = [shlex.split(line.replace("%i", instance)) for line in unit(name)["Service"]["ExecStart"]]
    assert {line[0] for line in lines} == {PROGRAM}
    return [line[1:] for line in lines]
