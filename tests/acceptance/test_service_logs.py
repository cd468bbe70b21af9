"""The log of a service: every line is one object, and has the ids of the request and the job that it belongs to."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from api_process import api
from job_processes import collected, worker


def lines(log: Path) -> list[Any]:
    """Every line as the object that it is."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_every_line_is_an_object_with_its_ids(process_env: dict[str, str], tmp_path: Path) -> None:
    """Of the API, of a worker, of the web server and of the job queue; from the request to the last line of its job."""
    env = {**process_env, "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}
    collected(env, tmp_path, 20)
    with api(env, tmp_path, "--no-jobs") as running, worker(env, tmp_path):
        status, job = running.ask("/api/v1/process", {"source": "test"}, X_Request_ID="from-here")
        assert status == 202, job
        assert running.ended(job["job_id"])["state"] == "done"
        running.ask("/nowhere?secret=hidden")
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2]))) as raw:
            raw.sendall(b"not HTTP at all\r\n\r\n")
            raw.recv(1000)
    of_api, of_worker = lines(tmp_path / "api.log"), lines(tmp_path / "worker.log")
    assert all({"event", "level", "timestamp"} <= each.keys() for each in (*of_api, *of_worker))
    (asked,) = [each for each in of_api if each["event"] == "request" and each["method"] == "POST"]
    assert (asked["route"], asked["status"], asked["request_id"]) == ("/api/v1/process", 202, "from-here")
    assert asked["client"] == "127.0.0.1"
    assert of_api[-1]["event"].startswith("Stopped.")
    assert any("Invalid HTTP request" in each["event"] for each in of_api)
    assert "hidden" not in (tmp_path / "api.log").read_text("utf-8")
    of_job = [each for each in of_worker if each.get("job_id") == job["job_id"]]
    assert {each["request_id"] for each in of_job} == {"from-here"}
    assert [each["state"] for each in of_job if each["event"] == "job ended"] == ["done"]
    if env["DB_TYPE"] == "postgresql":
        assert any("run_job" in each["event"] for each in of_worker)
