"""`tg-parser api` as a process of its own, and clients of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cli_process import begin
from job_processes import STOP_SECONDS, until
from warm_child import WarmChild

_LISTENS = re.compile(r"The API listens on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Api:
    """A running API."""

    url: str
    process: WarmChild

    def client(self, key: str | None = None) -> httpx.Client:
        """A client of what is under /api/v1."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False)

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and what was answered; a POST where there is a body."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        method = "GET" if body is None else "POST"
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.request(method, self.url + path, json=body, headers=told)
        return answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def ended(self, job_id: str) -> Any:
        """A job once it has ended."""

        def look() -> Any:
            _, job = self.ask(f"/api/v1/jobs/{job_id}")
            return job if job["state"] in {"done", "failed", "cancelled"} else None

        return until(look)


@contextmanager
def api(env: dict[str, str], folder: Path, *options: str, code: int | None = 0) -> Iterator[Api]:
    """The API for the length of the block, on a port of its own; then it is stopped, and held to its exit code.

    Its stderr goes to `api.log` in the folder.
    """
    log_file = folder / "api.log"
    with log_file.open("a+", encoding="utf-8") as log:
        before = log.tell()
        process = begin(env, "api", "--port", "0", *options, cwd=folder, stderr=log.fileno())
        try:
            port = until(lambda: _LISTENS.search(log_file.read_text("utf-8")[before:]))[1]
            yield Api(f"http://127.0.0.1:{port}", process)
            process.terminate()
            ended = process.wait(STOP_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
    assert code in {None, ended}, f"the API ended with {ended}\n{log_file.read_text('utf-8')}"


def asked(client: httpx.Client, path: str, body: Any, **headers: str) -> str:
    """The id of the job that a request makes."""
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def followed(client: httpx.Client, job: str, last: str | None = None) -> list[tuple[str, str, str]]:
    """The events of a job until it has ended: id, name, data."""
    headers = {} if last is None else {"Last-Event-ID": last}
    with client.stream("GET", f"/jobs/{job}/events", headers=headers) as stream:
        assert stream.status_code == 200
        lines = "\n".join(stream.iter_lines())
    found = []
    for block in filter(None, lines.split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["id"], fields["event"], fields["data"]))
    return found
