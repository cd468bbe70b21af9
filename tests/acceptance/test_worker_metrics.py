"""A worker serves its own metrics on a port of their own."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

from cli_process import tg_parser
from job_processes import asked, collected, until, watched, worker
from postgres_server import free_port


def test_a_worker_shows_what_it_has_done(process_env: dict[str, str], tmp_path: Path) -> None:
    """Its job, the messages of that, and its connections; nothing that is in the databases."""
    port = free_port()

    def shown() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text: str = answer.read().decode()
            return text

    collected(process_env, tmp_path, 20)
    with worker(process_env, tmp_path, "--metrics-port", str(port)):
        job = asked(process_env, tmp_path, "process", "--source", "test", "--provider", "local")
        assert watched(process_env, tmp_path, job)["state"] == "done"
        lines = until(lambda: [each for each in shown().splitlines() if "tg_parser_jobs_ended_total{" in each])
        text = shown()
    assert lines == ['tg_parser_jobs_ended_total{kind="process",state="done"} 1.0']
    assert 'tg_parser_messages_total{outcome="document",stage="process"} 20.0' in text
    assert "tg_parser_pool_limit{" in text
    assert "tg_parser_backlog_messages" not in text


def test_a_port_that_is_taken_is_named(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """The worker does not start without the metrics that were asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = tg_parser(sqlite_env, "worker", "--metrics-port", port, cwd=tmp_path, code=1)
    assert f"Metrics cannot be served at 127.0.0.1:{port}" in done.stderr
    assert "--metrics-port" in done.stderr
