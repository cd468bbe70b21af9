"""What the units of deploy/systemd run does what they are there for, in their order, on both backends."""

from __future__ import annotations

from pathlib import Path

import pytest
from backup_samples import programs
from cli_process import begin, tg_parser, tg_parser_json
from conftest import process_environment
from job_processes import until
from postgres_server import free_port
from systemd_units import SERVICES, commands


@pytest.fixture
def env(empty_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of the units, with a home and ports of this test."""
    home = {"TG_PARSER_HOME": str(tmp_path / "home"), "PG_BIN_DIR": str(programs()), "API_PORT": str(free_port())}
    return process_environment({**empty_environment, **home})


def stays_until_stopped(env: dict[str, str], words: list[str], says: str, folder: Path) -> None:
    log_file = folder / f"{words[0]}.log"
    with log_file.open("w", encoding="utf-8") as log:
        process = begin(env, *words, cwd=folder, stderr=log.fileno())
    try:
        until(lambda: says in log_file.read_text("utf-8"))
        process.terminate()
        assert process.wait(60) == 0, log_file.read_text("utf-8")
    finally:
        process.kill()
        process.wait()


def test_every_service_is_tried_here() -> None:
    """A unit that is added wants a test of its commands."""
    assert SERVICES == [
        "tg-parser-api.service",
        "tg-parser-backup.service",
        "tg-parser-migrate.service",
        "tg-parser-worker@.service",
    ]


def test_units_do_their_work(env: dict[str, str], tmp_path: Path) -> None:
    """Migrations make the schemas, API and worker stay until they are told to stop, the backup is made and is good."""
    (migrate,) = commands("tg-parser-migrate.service")
    tg_parser(env, *migrate, cwd=tmp_path)
    schemas = tg_parser_json(env, "db", "current", cwd=tmp_path)["databases"]
    assert all(each["revision"] == each["newest"] for each in schemas)
    (api,) = commands("tg-parser-api.service")
    stays_until_stopped(env, api, "The API listens on", tmp_path)
    ((*worker, port),) = commands("tg-parser-worker@.service")
    assert port == "9101"
    stays_until_stopped(env, [*worker, str(free_port())], "is waiting for jobs", tmp_path)
    for backup in commands("tg-parser-backup.service"):
        tg_parser(env, *backup, cwd=tmp_path)
    assert [each["state"] for each in tg_parser_json(env, "backup", "list", cwd=tmp_path)["backups"]] == ["good"]
