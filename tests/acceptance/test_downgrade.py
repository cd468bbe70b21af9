"""`db downgrade` by steps: written as -1, as people know it from other tools, or in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import tg_parser, tg_parser_json


def revisions(env: dict[str, str], cwd: Path, *arguments: str) -> dict[str, str]:
    """What the schemas are at after a command."""
    done = tg_parser_json(env, "db", *arguments, cwd=cwd)
    return {each["database"]: each["revision"] for each in done["databases"]}


@pytest.mark.parametrize("step", [("-1",), ("--steps", "1")], ids=" ".join)
def test_one_step_back_of_every_database(sqlite_env: dict[str, str], tmp_path: Path, step: tuple[str, ...]) -> None:
    """Each of the three goes to the revision before its newest."""
    newest = revisions(sqlite_env, tmp_path, "upgrade")
    before = {name: f"{name}_{int(revision[-4:]) - 1:04}" for name, revision in newest.items()}
    assert revisions(sqlite_env, tmp_path, "downgrade", *step, "--yes") == before


def test_two_steps_of_one_database(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """`-2` with `--db` takes that database two revisions back, wherever it stands on the line."""
    newest = revisions(sqlite_env, tmp_path, "upgrade")
    back = revisions(sqlite_env, tmp_path, "downgrade", "--db", "processing", "-2", "--yes")
    assert back == {"processing": f"processing_{int(newest['processing'][-4:]) - 2:04}"}


def test_more_steps_than_there_are_change_nothing(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """The error says how to see the revisions, and the schema stays."""
    newest = revisions(sqlite_env, tmp_path, "upgrade")
    said = tg_parser(sqlite_env, "db", "downgrade", "-99", "--yes", cwd=tmp_path, code=2).stderr
    assert said.splitlines()[-1] == "Hint: List the revisions with: tg-parser db history"
    assert revisions(sqlite_env, tmp_path, "current") == newest


def test_without_a_target_the_hint_names_one(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Whoever does not say where to learns how to take one step, and where the revisions are listed."""
    said = tg_parser(sqlite_env, "db", "downgrade", cwd=tmp_path, code=2).stderr
    assert said.splitlines() == [
        "Error: Give the revision to go back to, or the number of steps.",
        "Hint: For one step back: tg-parser db downgrade -1. List the revisions with: tg-parser db history",
    ]
