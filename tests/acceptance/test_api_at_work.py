"""The main job over HTTP, by real processes: on SQLite the API alone, on PostgreSQL with two workers."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_process import api, asked, followed
from cli_process import tg_parser, tg_parser_json
from job_processes import until, worker
from otlp_receiver import collecting
from web_pages import NAME, PreviewServer, serving
from webhook_receiver import Receiver, verified

POSTS = 30
SIGNING = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


@pytest.fixture
def env(process_env: dict[str, str]) -> Iterator[dict[str, str]]:
    with serving(PreviewServer(range(1, POSTS + 1))) as address:
        yield {**process_env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0", "RETRY_BACKOFF_BASE": "0.1"}


def done(client: httpx.Client, job: str) -> dict[str, Any]:
    """A job that was followed to its end, which is a good one."""
    events = followed(client, job)
    ended = json.loads(events[-1][2])
    assert (events[-1][1], ended["state"]) == ("ended", "done"), ended
    assert client.get(f"/jobs/{job}/events", headers={"Last-Event-ID": events[-1][0]}).status_code == 204
    return dict(ended)


def test_the_main_job_over_http(env: dict[str, str], backend: str, tmp_path: Path) -> None:
    """A source is added, collected, processed, topicised, exported and downloaded, each step followed to its end.

    A webhook tells of it, the metrics count it, and a trace has it.
    """
    key = tg_parser_json(env, "keys", "create", "test", "--role", "editor", cwd=tmp_path)["secret"]
    sealing = {"DB_ENCRYPTION_KEY_FILE": str(tmp_path / "key"), "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    env = {**env, **sealing, "API_KEY_REQUIRED": "true", "METRICS_ENABLED": "true"}
    tg_parser(env, "db", "encrypt-secret", cwd=tmp_path, answer="anything")
    with ExitStack() as stack:
        told, traces = stack.enter_context(Receiver()), stack.enter_context(collecting())
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = traces.url
        if backend == "postgresql":
            for _ in range(2):
                stack.enter_context(worker(env, tmp_path))
        running = stack.enter_context(api(env, tmp_path))
        client = stack.enter_context(running.client(key))
        assert running.ask("/health/live")[0] == 200
        assert running.ask("/health")[0] == 401
        until(lambda: running.ask("/health/ready", X_API_Key=key)[0] == 200)
        source = {"source_id": "news", "channel_username": NAME, "via": "web"}
        assert client.post("/sources", json=source).status_code == 201
        collected = done(client, asked(client, "/ingest", {"source": "news"}))
        assert collected["result"]["sources"][0]["counts"]["new"] == POSTS
        for step in ("/process", "/topicize"):
            done(client, asked(client, step, {"source": "news"}))
        signed = {"url": told.url, "secret": SIGNING}
        export = asked(client, "/export", {"sources": ["news"], "webhook": signed})
        assert done(client, export)["request_id"]
        names = {each["name"] for each in client.get(f"/exports/{export}").json()["files"]}
        assert {"kb_entries.ndjson", "topics.json"} <= names
        whole = client.get(f"/exports/{export}/files/kb_entries.ndjson")
        entries = [json.loads(line) for line in whole.text.splitlines()]
        assert len([each for each in entries if each["source"]["type"] == "telegram_message"]) == POSTS
        assert entries == sorted(entries, key=lambda each: str(each["id"]))
        file = f"/exports/{export}/files/kb_entries.ndjson"
        part = client.get(file, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        same = client.get(file, headers={"If-None-Match": whole.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert len(client.get("/documents", params={"source": "news", "limit": 500}).json()["items"]) == POSTS
        (came,) = told.until(1)
        assert verified(came, SIGNING)
        assert (came.event["type"], came.event["data"]["job_id"]) == ("job.done", export)
        shown = running.ask("/metrics", X_API_Key=key)[1]
        assert 'tg_parser_jobs{kind="process",state="done"} 1.0' in shown
    assert {"POST /api/v1/ingest", "job ingest", "job export", "GET /api/v1/exports/{job_id}"} <= {
        each.name for each in traces.spans
    }


def test_streams_do_not_keep_the_service_from_ending(env: dict[str, str], tmp_path: Path) -> None:
    """With clients that follow a job that never begins, SIGTERM ends the API in time, and the clients' streams too."""
    tg_parser(env, "add-source", "--source-id", NAME, cwd=tmp_path)
    with api(env, tmp_path, "--no-jobs") as running, ExitStack() as stack:
        client = stack.enter_context(running.client())
        job = asked(client, "/process", {"source": NAME})
        streams = [stack.enter_context(client.stream("GET", f"/jobs/{job}/events")) for _ in range(20)]
        firsts = [next(stream.iter_lines()) for stream in streams]
        assert firsts == ["event: progress"] * 20
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0


def test_a_public_address_needs_keys(process_env: dict[str, str], tmp_path: Path) -> None:
    """Without keys the API is not served to everybody by mistake."""
    refused = tg_parser(process_env, "api", "--host", "0.0.0.0", cwd=tmp_path, code=2)
    assert "can be reached from other machines, but no key is required" in refused.stderr
    assert "API_KEY_REQUIRED=true" in refused.stderr


def test_a_misspelt_setting_that_keeps_others_out_stops_the_start(env: dict[str, str], tmp_path: Path) -> None:
    """One wrong letter does not open the service to everybody."""
    refused = tg_parser({**env, "API_KEYS_REQUIRED": "true"}, "api", cwd=tmp_path, code=2)
    assert "API_KEYS_REQUIRED is not a known setting, so the API would run without API_KEY_REQUIRED." in refused.stderr


def test_a_port_that_is_taken_is_told(process_env: dict[str, str], tmp_path: Path) -> None:
    """The error says which address, and what to do."""
    with api(process_env, tmp_path, "--no-jobs") as running:
        port = running.url.rpartition(":")[2]
        refused = tg_parser(process_env, "api", "--port", port, cwd=tmp_path, code=2)
    assert f"The API cannot listen on 127.0.0.1, port {port}" in refused.stderr


def test_killed_the_next_service_finishes_what_waits(env: dict[str, str], tmp_path: Path) -> None:
    """The API that does jobs is killed with SIGKILL; the next one takes its jobs up, and each ends once."""
    env = {**env, "JOB_TAKEOVER_SECONDS": "5"}
    with api(env, tmp_path, "--jobs", code=None) as running, running.client() as client:
        client.post("/sources", json={"source_id": NAME, "via": "web"}).raise_for_status()
        jobs = [asked(client, "/run", {"source": NAME, "limit": 5 + number}) for number in range(5)]
        until(lambda: client.get(f"/jobs/{jobs[0]}").json()["state"] != "queued")
        running.process.kill()
        running.process.wait()
    with api(env, tmp_path, "--jobs") as running, running.client() as client:
        assert [done(client, job)["state"] for job in jobs] == ["done"] * 5
