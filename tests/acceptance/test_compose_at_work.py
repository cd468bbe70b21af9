"""The commands and health checks of the compose files do what they are there for, with a real server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from backup_samples import programs
from cli_process import begin, tg_parser, tg_parser_json
from compose_files import DEVELOPMENT, PRODUCTION, ROOT, environment, own_services, resolved
from conftest import process_environment
from job_processes import until
from postgres_server import PostgresServer, free_port
from psycopg import sql
from warm_child import WarmChild

PASSWORD = "p@ss:/%слово #'1"
GIVEN = {"DB_PASSWORD": PASSWORD}
SERVICES = resolved(PRODUCTION, GIVEN)["services"]
EVERY_DAY = ROOT / "deploy/backup/every-day.sh"
SECONDS = 60
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server as the container `postgres` makes it: the role owns the server and has a password."""
    started = PostgresServer("of the administrator")
    started.start()
    told = environment(SERVICES["postgres"])
    try:
        with psycopg.connect(started.url, password="of the administrator", autocommit=True) as admin:
            role, name = sql.Identifier(told["POSTGRES_USER"]), sql.Identifier(told["POSTGRES_DB"])
            admin.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(role, sql.Literal(PASSWORD)))
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
        yield started
    finally:
        started.stop()


class Host:
    """This machine in place of the containers: what they are given, with addresses and folders that are here."""

    def __init__(self, folder: Path, port_of_postgres: int = 0) -> None:
        self.folder = folder
        self.ports = {"8000": str(free_port()), "9101": str(free_port()), "5432": str(port_of_postgres)}
        self.log = folder / "service.log"

    def env(self, service: Mapping[str, Any]) -> dict[str, str]:
        """The environment of a service."""
        here = {"API_HOST": "127.0.0.1", "PG_BIN_DIR": str(programs())}
        given = {name: self._here(value) for name, value in environment(service).items()}
        if given["DB_TYPE"] == "postgresql":
            here |= {"DB_HOST": "127.0.0.1"}
        return process_environment(given | here)

    def words(self, line: list[str]) -> list[str]:
        """A command line of a service."""
        return [self._here(word) for word in line]

    def _here(self, word: str) -> str:
        if word in {"/data", "/backups"}:
            return str(self.folder / word[1:])
        return re.sub(r"\d{4}", lambda found: self.ports.get(found[0], found[0]), word)

    @contextmanager
    def running(self, service: Mapping[str, Any], says: str) -> Iterator[WarmChild]:
        """A service at work; at the end it is stopped as Compose stops it, and ends well."""
        with self.log.open("w", encoding="utf-8") as log:
            words = [word.replace("0.0.0.0", "127.0.0.1") for word in self.words(service["command"])]
            process = begin(self.env(service), *words, cwd=self.folder, stderr=log.fileno())
        try:
            until(lambda: says in self.log.read_text("utf-8"))
            yield process
            process.terminate()
            assert process.wait(SECONDS) == 0, self.log.read_text("utf-8")
        finally:
            process.kill()
            process.wait()

    def is_healthy(self, service: Mapping[str, Any], code: int = 0) -> None:
        """The health check of a service ends with this code."""
        how, program, *words = service["healthcheck"]["test"]
        assert (how, program) == ("CMD", "tg-parser")
        tg_parser(self.env(service), *self.words(words), cwd=self.folder, code=code)


@pytest.fixture
def host(server: PostgresServer, tmp_path: Path) -> Host:
    """This machine, with the schemas that the service `migrate` makes."""
    here = Host(tmp_path, server.port)
    migrate = SERVICES["migrate"]
    tg_parser(here.env(migrate), *migrate["command"], cwd=tmp_path)
    made = tg_parser_json(here.env(migrate), "db", "current", cwd=tmp_path)["databases"]
    assert [each["revision"] == each["newest"] for each in made] == [True, True, True]
    return here


def test_every_service_of_the_program_is_tried_here() -> None:
    """A service that is added wants a test of its command."""
    assert sorted(own_services({"services": SERVICES})) == ["backup", "migrate", "tg_parser", "worker"]


def test_postgres_is_healthy_only_while_it_answers(server: PostgresServer, tmp_path: Path) -> None:
    """Its health check, with PostgreSQL's own program."""
    how, program, *words = SERVICES["postgres"]["healthcheck"]["test"]
    assert how == "CMD"

    def code(port: int) -> int:
        env = {**os.environ, "PGPORT": str(port)}
        return subprocess.run([server.binaries / program, *words], env=env, cwd=tmp_path, check=False).returncode

    assert (code(server.port), code(free_port())) == (0, 2)


def test_the_api_is_healthy_while_it_answers_and_a_source_can_be_added(host: Host) -> None:
    """What the guide promises right after `docker compose up -d`."""
    service = SERVICES["tg_parser"]
    host.is_healthy(service, code=1)
    with host.running(service, "The API listens on"):
        host.is_healthy(service)
        tg_parser(host.env(service), "add-source", "--source-id", "my_channel", cwd=host.folder)
        found = tg_parser_json(host.env(service), "sources", "list", cwd=host.folder)["sources"]
        assert "my_channel" in {each["source_id"] for each in found}
    host.is_healthy(service, code=1)


def test_prometheus_is_let_in_with_a_key_alone(host: Host) -> None:
    """The key that the guide makes for it opens the metrics."""
    service = SERVICES["tg_parser"]
    with host.running(service, "The API listens on"):
        made = tg_parser(host.env(service), "keys", "create", "prometheus", "--role", "reader", cwd=host.folder)
        with httpx.Client(base_url=f"http://127.0.0.1:{host.ports['8000']}", trust_env=False) as client:
            assert client.get("/metrics").status_code == 401
            answer = client.get("/metrics", headers={"Authorization": f"Bearer {made.stdout.strip()}"})
    assert answer.status_code == 200
    assert "tg_parser_database_up 1.0" in answer.text


def test_a_worker_is_healthy_while_it_works(host: Host) -> None:
    """It has no API; its metrics answer in its place."""
    service = SERVICES["worker"]
    host.is_healthy(service, code=1)
    with host.running(service, "is waiting for jobs"):
        host.is_healthy(service)


def script(host: Host, *words: str, **more: str) -> tuple[list[str], dict[str, str]]:
    """The command line and environment of the service `backup`."""
    service = SERVICES["backup"]
    assert service["entrypoint"] == ["bash", f"/deploy/{EVERY_DAY.name}"]
    flag = host.folder / "backup-failed"
    programs_here = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "BACKUP_FAILED_FLAG": str(flag)}
    return ["bash", str(EVERY_DAY), *words], host.env(service) | programs_here | more


def test_a_backup_is_made_and_tried(host: Host) -> None:
    """One that fails leaves the file that makes the container unhealthy, until one succeeds."""
    flag = host.folder / "backup-failed"
    line, env = script(host, "--once", DB_PORT=str(free_port()))
    assert subprocess.run(line, env=env, cwd=host.folder, check=False, capture_output=True).returncode == 1
    assert flag.exists()
    line, env = script(host, "--once")
    done = subprocess.run(line, env=env, cwd=host.folder, check=True, capture_output=True, text=True)
    assert "is intact: it was restored, and all tables match." in done.stdout
    assert not flag.exists()
    found = tg_parser_json(host.env(SERVICES["tg_parser"]), "backup", "list", cwd=host.folder)["backups"]
    assert [each["state"] for each in found] == ["good"]
    assert SERVICES["backup"]["healthcheck"]["test"] == ["CMD", "test", "!", "-e", "/tmp/backup-failed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_waits_for_the_next_backup_can_be_stopped(host: Host, number: signal.Signals) -> None:
    """It says when the next one is made, and ends at once when it is told to."""
    line, env = script(host)
    with subprocess.Popen(line, env=env, cwd=host.folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
    assert re.fullmatch(r"The next backup is made at \d{4}-\d\d-\d\d 03:15 UTC\.\n", told)


def test_a_time_of_day_that_is_none_is_refused(host: Host) -> None:
    """Nobody should believe that there are backups."""
    line, env = script(host, BACKUP_AT="25:00")
    done = subprocess.run(line, env=env, cwd=host.folder, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "BACKUP_AT: '25:00' is not a time of day such as 03:15." in done.stderr


def test_the_file_for_sqlite_serves_without_keys(tmp_path: Path) -> None:
    """One process makes its databases, answers and does the jobs."""
    host, service = Host(tmp_path), resolved(DEVELOPMENT, {})["services"]["tg_parser"]
    with host.running(service, "The API listens on"):
        host.is_healthy(service)
        tg_parser(host.env(service), "add-source", "--source-id", "my_channel", cwd=tmp_path)
        url = f"http://127.0.0.1:{host.ports['8000']}/api/v1/sources"
        with httpx.Client(trust_env=False) as client:
            assert [each["source_id"] for each in client.get(url).json()["items"]] == ["my_channel"]
