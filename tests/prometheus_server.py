"""Prometheus and promtool, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from postgres_server import free_port

PROGRAM, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")


def promtool(*arguments: str | Path) -> str:
    """What `promtool` prints; it must succeed."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Prometheus:
    """A running server."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/v1"

    def ask(self, path: str, **query: str) -> Any:
        """The data of an answer; what Prometheus finds wrong with the question is an error."""
        answer = httpx.get(self._url + path, params=query, trust_env=False, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def result(self, expression: str) -> list[Any]:
        """What an expression gives now."""
        found: list[Any] = self.ask("/query", query=expression)["result"]
        return found


@contextmanager
def prometheus(config: dict[str, Any], folder: Path) -> Iterator[Prometheus]:
    """A server with that configuration on a port of its own, as long as the block lasts."""
    assert PROGRAM is not None
    file, port = folder / "prometheus.yml", free_port()
    file.write_text(yaml.safe_dump(config), "utf-8")
    promtool("check", "config", file)
    options = [
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen([PROGRAM, *options], stdout=log, stderr=log)
        try:
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(30)
