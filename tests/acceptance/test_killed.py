"""Killed at any moment, the main job loses nothing and doubles nothing."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_process import begin, exported, small_export, tg_parser

ROUNDS, KILLS = 5, 4


@pytest.fixture
def database_environment(empty_environment: dict[str, str]) -> dict[str, str]:
    """Making the schemas is a part of the work that is killed."""
    return empty_environment


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, sqlite_environment: Callable[..., Any]
) -> tuple[Path, dict[str, bytes], float]:
    """The export file, the files of a run that nobody disturbed, and how long that run took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    export, env = small_export(folder, 20), sqlite_environment(folder)
    tg_parser(env, "--version", cwd=folder)  # The start of the warm process is no part of the run.
    started = time.monotonic()
    tg_parser(env, "run", "--from-export", export, "--out", "out", cwd=folder)
    return export, exported(folder / "out"), time.monotonic() - started


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_runs_end_with_the_same_files(
    seed: int, process_env: dict[str, str], undisturbed: tuple[Path, dict[str, bytes], float], tmp_path: Path
) -> None:
    """Four kills at random moments, then a run to the end: the files of an undisturbed run, byte for byte."""
    export, expected, seconds = undisturbed
    moments = random.Random(seed)
    arguments = ("run", "--from-export", export, "--out", "out")
    for _ in range(KILLS):
        process = begin(process_env, *arguments, cwd=tmp_path)
        try:
            process.wait(timeout=moments.uniform(0.2, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    tg_parser(process_env, *arguments, cwd=tmp_path)
    assert exported(tmp_path / "out") == expected
