"""Killed at any moment, collecting through the API loses nothing and doubles nothing."""

from __future__ import annotations

import itertools
import random
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, begin
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram
from telegram_worlds import SOURCE, add_source, held, ingest, mixed_channel, telegram_env, truth

ROUNDS, KILLS = 2, 10
WHOLE_RUN = 110
"""Requests that a run which nobody disturbs makes."""


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_runs_end_with_exactly_what_telegram_has(seed: int, process_env: dict[str, str], tmp_path: Path) -> None:
    """Ten kills, each some requests after the last, from connecting to the last thread; then a run to the end."""
    news = mixed_channel(600, comments=0.2)
    moments = random.Random(seed)
    with fake_telegram(news.world) as server:
        env = telegram_env(process_env, server)
        add_source(env, tmp_path, "--batch-size", "50")
        for _ in range(KILLS):
            requests = moments.randrange(1, 2 * WHOLE_RUN // KILLS)
            _kill_after(server, requests, moments.uniform(0, 0.03), env, tmp_path)
        assert _is_part(held(env, news), truth(news))
        ingest(env, tmp_path)
        assert held(env, news) == truth(news)
        assert ingest(env, tmp_path) == {}
        assert server.counts["flood_violations"] == 0


def _kill_after(server: FakeTelegram, requests: int, moment: float, env: dict[str, str], folder: Path) -> None:
    """Kill a run `moment` seconds after the last of so many requests has come; it must be under way then."""
    reached, number = threading.Event(), itertools.count(1)
    # A fault whose condition never holds: it sees every request.
    watch = server.fault(when=lambda _: reached.set() if next(number) == requests else None)
    process = begin(env, "ingest", "--source", SOURCE, cwd=folder)
    assert reached.wait(SECONDS)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        process.kill()
    assert process.wait() == -9
    server.faults.remove(watch)


def _is_part(some: dict[str, dict[str, Any]], everything: dict[str, dict[str, Any]]) -> bool:
    """What was stored so far is true, every field of it."""
    return all(everything.get(ref) == facts for ref, facts in some.items())
