"""The main job on SQLite needs nothing that Windows lacks: tried by taking it away; `make lint` asks mypy, too."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, command, small_export
from knowledge_bases import finished_demo

from tg_parser.wiring.event_loop import loop_factory

REPOSITORY = Path(__file__).parents[2]
ILLEGAL = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
FOLDER = "Мои документы 🚀"


@pytest.fixture
def run_without(tmp_path: Path) -> Callable[..., Any]:
    """Run a command in a folder with spaces and Cyrillic letters, without what Windows lacks."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    env = {
        "PYTHONPATH": str(REPOSITORY / "tests" / "no_posix"),
        "PYTHONWARNINGS": "ignore::UserWarning",
        "TG_PARSER_HOME": "~/База данных",
        "HOME": str(folder),
    }

    def run(*arguments: Path | str) -> str:
        done = subprocess.run(
            command(*arguments), env=env, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_main_job_needs_nothing_posix(run_without: Callable[..., Any], tmp_path: Path) -> None:
    """Demo, run, status, export and backup succeed; every file they make has a name that Windows allows."""
    folder = tmp_path / FOLDER
    finished_demo(folder / "База данных")
    run_without("demo", "--out", "~/проба")
    export = small_export(tmp_path, 20)
    done = json.loads(run_without("run", "--from-export", export, "--out", "~/мой вывод", "--json"))
    assert done["export"]["message_entries"] > 0
    assert len(json.loads(run_without("status", "--json"))["sources"]) == len(done["channels"])
    run_without("export", "--all", "--out", "ещё раз")
    run_without("backup", "create", "--dir", "копии")
    assert "good" in run_without("backup", "list", "--dir", "копии")
    made = {path.relative_to(folder) for path in folder.rglob("*")}
    assert {"База данных", "мой вывод", "ещё раз", "копии", "проба"} <= {path.parts[0] for path in made}
    assert [path for path in made if ILLEGAL.search(path.name)] == []


def test_the_simulation_takes_things_away(run_without: Callable[..., Any]) -> None:
    """The process above really has no fcntl, and its product code no getuid."""
    env = {"PYTHONPATH": str(REPOSITORY / "tests" / "no_posix")}
    for code in ("import fcntl", "import os; exec('os.getuid()', {'__name__': 'tg_parser.x', 'os': os})"):
        tried = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False, timeout=SECONDS)
        assert tried.returncode == 1


def test_the_loop_watches_sockets_on_windows() -> None:
    """psycopg refuses the loop that is usual there; elsewhere the usual one is right."""
    import asyncio

    assert loop_factory("win32") is asyncio.SelectorEventLoop
    assert loop_factory("linux") is None
