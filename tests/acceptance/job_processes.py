"""Workers as processes of their own, and jobs as `tg-parser jobs` shows them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli_process import begin, tg_parser, tg_parser_json
from model_samples import export_of
from warm_child import WarmChild

STOP_SECONDS = 60


@contextmanager
def worker(env: dict[str, str], folder: Path, *options: str, code: int | None = 0) -> Iterator[WarmChild]:
    """A worker at work for the length of the block; then it is stopped, and held to its exit code."""
    with (folder / "worker.log").open("a+", encoding="utf-8") as log:
        process = begin(env, "worker", *options, cwd=folder, stderr=log.fileno())
        try:
            yield process
            process.terminate()
            ended = process.wait(STOP_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
    assert code in {None, ended}, f"a worker ended with {ended}\n{(folder / 'worker.log').read_text('utf-8')}"


def asked(env: dict[str, str], folder: Path, *arguments: str) -> str:
    """The id of the job that a command with --detach makes."""
    job: str = tg_parser_json(env, *arguments, "--detach", cwd=folder)["job_id"]
    return job


def watched(env: dict[str, str], folder: Path, job: str, code: int | None = 0) -> Any:
    """A job that was watched to its end."""
    return json.loads(tg_parser(env, "jobs", "watch", job, "--json", cwd=folder, code=code).stdout)


def shown(env: dict[str, str], folder: Path, job: str) -> Any:
    """A job as it is now."""
    return tg_parser_json(env, "jobs", "show", job, cwd=folder)


def until(look: Callable[[], Any], seconds: float = 60, pause: float = 0.1) -> Any:
    """The first result of `look` that is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(pause)
    raise TimeoutError


def collected(env: dict[str, str], folder: Path, number: int) -> None:
    """Collect so many messages of the source `test`, which then wait to be processed."""
    tg_parser(env, "ingest", "--from-export", export_of(folder, number), cwd=folder)
