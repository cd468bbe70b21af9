"""Nothing that a user meets is missing from the pages: settings, commands, routes, metrics, errors, probes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import typer
from contracts import PROBES
from documented import GUIDES, ROOT, every_block
from test_documented_names import PAGES

from tg_parser.api import routes
from tg_parser.cli.app import app

LOOKED_UP = {"docker", "sudo", "systemctl", "journalctl", "make", "kubectl", "tg-parser"}
"""Commands of which a test looks up what they name."""


def names(command: Any, *before: str) -> Iterator[str]:
    """The full names of all commands below a command."""
    for name, each in getattr(command, "commands", {}).items():
        yield from names(each, *before, name) if hasattr(each, "commands") else [" ".join([*before, name])]


def test_generated_pages_are_those_of_the_code() -> None:
    """Settings, commands, routes, metrics, errors and results of the reference are exactly those that there are."""
    command = [sys.executable, str(ROOT / "scripts/generate_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_command_is_shown_in_a_guide() -> None:
    """A command that only its own help knows would be found by nobody."""
    text = "\n".join(page.read_text("utf-8") for page in GUIDES)
    every = set(names(typer.main.get_command(app)))
    assert {"run", "db stamp", "jobs retry"} <= every
    assert {name for name in every if not re.search(rf"(tg-parser |`){re.escape(name)}\b", text)} == set()


def test_no_route_is_hidden() -> None:
    """Every path and method of the API is in the description that clients are made from."""
    described = json.loads((ROOT / "docs/reference/openapi.json").read_text("utf-8"))["paths"]
    modules = [import_module(f"{routes.__name__}.{found.name}") for found in iter_modules(routes.__path__)]
    served = [(f"/api/v1{each.path}", each.methods) for module in modules for each in module.router.routes]
    assert len(served) > 30
    hidden = [(path, how) for path, methods in served for how in methods if how.lower() not in described.get(path, ())]
    assert hidden == []


def test_every_probe_is_explained() -> None:
    """The addresses whose answers have a contract, and that of the metrics, are in the guide to monitoring."""
    table = re.findall(r"^\| `(/[a-z/]+)` \|", (ROOT / "docs/how-to/monitor.md").read_text("utf-8"), re.MULTILINE)
    assert set(table) == {*PROBES, "/metrics"}


def test_no_block_hides_commands_from_the_look_ups() -> None:
    """What an operator types is in `sh` or `bash` blocks, which are checked, not in `text`."""
    lines = [
        (page.name, line)
        for page in PAGES
        for language, block in every_block(page)
        for line in block
        if language in {"", "text", "shell", "console"} and line.split()[0] in LOOKED_UP
    ]
    assert lines == []
