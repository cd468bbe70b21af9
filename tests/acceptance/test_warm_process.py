"""Commands in children of the loaded process are what they are in processes of their own."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, begin, command, tg_parser


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--version",), 0), (("status",), 0), (("entries", "--json"), 4), (("sources", "show", "x"), 1), (("x",), 2)],
    ids=str,
)
def test_a_child_says_what_a_process_from_nothing_says(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...], code: int
) -> None:
    """The same exit code and outputs, byte for byte."""
    cold = subprocess.run(
        command(*arguments), env=sqlite_env, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    warm = tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=None)
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert warm.returncode == code


def test_a_child_leaves_nothing_to_the_next(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Environment, folder and form of the log are each child's own."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    names = ("INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH")
    env = {**sqlite_env, **{name: f"{name}.sqlite" for name in names}}
    told = tg_parser({**env, "LOG_FORMAT": "json"}, "entries", cwd=first, code=4).stderr
    assert told.startswith("{")
    assert not tg_parser(env, "entries", cwd=second, code=4).stderr.startswith("{")
    assert (first / f"{names[0]}.sqlite").exists()
    assert (second / f"{names[0]}.sqlite").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_by_the_signal_it_is_sent(
    sqlite_env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    """Its exit code tells of the signal, and its siblings go on."""
    with begin(sqlite_env, "login", cwd=tmp_path, stdin=subprocess.PIPE) as sibling:
        process = begin(sqlite_env, "status", cwd=tmp_path)
        process.send_signal(number)
        assert process.wait(SECONDS) == -number
        assert sibling.poll() in {None, 1, 2}
