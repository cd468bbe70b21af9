"""tg-parser healthcheck as a process: alive is not ready."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_process import api
from cli_process import tg_parser
from conftest import process_environment
from job_processes import until, worker
from postgres_server import free_port


def test_the_api_on_files_is_ready_by_itself(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """It does the jobs too, and is asked without a key though one is required."""
    with api({**sqlite_env, "API_KEY_REQUIRED": "true"}, tmp_path) as service:
        port = ("--port", service.url.rpartition(":")[2])
        until(lambda: tg_parser(sqlite_env, "healthcheck", "--ready", *port, cwd=tmp_path, code=None).returncode == 0)
    tg_parser(sqlite_env, "healthcheck", "--ready", *port, cwd=tmp_path, code=1)


def test_readiness_changes_nothing(process_env: dict[str, str], tmp_path: Path) -> None:
    """An older schema is a reason not to be ready, and stays as it is."""
    tg_parser(process_env, "db", "downgrade", "-1", "--db", "raw", "--yes", cwd=tmp_path)
    before = tg_parser(process_env, "db", "current", cwd=tmp_path).stdout
    nothing = ("--port", str(free_port()), "--if-listening")
    behind = tg_parser(process_env, "healthcheck", "--ready", *nothing, cwd=tmp_path, code=1)
    assert "The raw schema is older than this version." in behind.stderr
    assert tg_parser(process_env, "db", "current", cwd=tmp_path).stdout == before


@pytest.mark.postgres
def test_the_api_beside_a_server_is_ready_once_a_worker_runs(migrated_postgres: dict[str, str], tmp_path: Path) -> None:
    """It responds at once, and is ready when somebody does the jobs."""
    env = process_environment({**migrated_postgres, "API_KEY_REQUIRED": "true"})
    with api(env, tmp_path) as service:
        port = ("--port", service.url.rpartition(":")[2])
        tg_parser(env, "healthcheck", *port, cwd=tmp_path)
        missing = tg_parser(env, "healthcheck", "--ready", *port, cwd=tmp_path, code=1)
        assert "No worker has been seen recently" in missing.stderr
        assert "Hint: Examine the installation: tg-parser doctor" in missing.stderr
        with worker(env, tmp_path):
            until(lambda: tg_parser(env, "healthcheck", "--ready", *port, cwd=tmp_path, code=None).returncode == 0)
