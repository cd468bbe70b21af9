"""The API as a process of its own, and what it answers."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli_process import begin
from job_processes import STOP_SECONDS, until

_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Api:
    """A running API."""

    url: str

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and what was answered; a POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        told = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, told)) as answer:
                return answer.status, _read(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read())

    def ended(self, job_id: str) -> Any:
        """A job once it has ended."""

        def look() -> Any:
            _, job = self.ask(f"/api/v1/jobs/{job_id}")
            return job if job["state"] in {"done", "failed", "cancelled"} else None

        return until(look)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


@contextmanager
def api(env: dict[str, str], folder: Path, *options: str) -> Iterator[Api]:
    """An API for the length of the block; its stderr goes to `api.log` in the folder."""
    log_file = folder / "api.log"
    with log_file.open("a+", encoding="utf-8") as log:
        process = begin(env, "api", "--port", "0", *options, cwd=folder, stderr=log.fileno())
        try:
            port = until(lambda: _LISTENS.search(log_file.read_text("utf-8")))[1]
            yield Api(f"http://127.0.0.1:{port}")
            process.terminate()
            assert process.wait(STOP_SECONDS) == 0, log_file.read_text("utf-8")
        except BaseException:
            process.kill()
            process.wait()
            raise
