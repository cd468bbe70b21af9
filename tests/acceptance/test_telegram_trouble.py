"""Waits that Telegram asks for and connections that end: honoured, survived, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path
from subprocess import PIPE

import pytest
from cli_process import SECONDS, begin, tg_parser, tg_parser_json
from fake_telegram_server import fake_telegram
from telegram_worlds import SOURCE, add_source, held, ingest, mixed_channel, plain_channel, telegram_env, truth

PLACES = [
    ("contacts.resolveUsername", 0),
    ("messages.getHistory", 0),
    ("messages.getHistory", 2),
    ("channels.getFullChannel", 0),
    ("messages.getReplies", 0),
    ("messages.getReplies", 7),
    ("messages.getReplies", 30),
]
"""Requests at which the connection ends: three ways each, 21 places in all."""


def test_short_waits_on_several_methods_are_sat_out(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Five kinds of requests must wait two seconds midway: no question before its time, and the result is exact."""
    news = mixed_channel(300, comments=0.15)
    waits = {"contacts.resolveUsername": 0, "messages.getHistory": 2, "channels.getFullChannel": 0}
    waits |= {"messages.getReplies": 10, "messages.getMessagesViews": 1}
    with fake_telegram(news.world) as server:
        faults = [server.fault(method, error="FLOOD_WAIT_2", after=after, times=1) for method, after in waits.items()]
        env = telegram_env(sqlite_env, server)
        add_source(env, tmp_path)
        done = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path)
        again = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path)
        assert [fault.fired for fault in faults] == [1, 1, 1, 1, 1]
        assert server.counts["flood_violations"] == 0
    said = done.stderr + again.stderr
    for request in ("ResolveUsername", "GetHistory", "GetFullChannel", "GetReplies", "GetMessagesViews"):
        assert said.count(f"Telegram asks to wait 2 s before {request}") == 1
    assert held(env, news) == truth(news)


def test_a_long_wait_ends_the_run_and_the_next_process_asks_nothing(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """The error tells the moment, the source keeps it, and a process started at once does not even connect."""
    news = plain_channel(450)
    with fake_telegram(news.world) as server:
        server.fault("messages.getHistory", error="FLOOD_WAIT_3600", after=2, times=1)
        env = telegram_env(process_env, server, COLLECT_MAX_WAIT="1")
        add_source(env, tmp_path)
        failed = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path, code=1)
        source = tg_parser_json(env, "sources", "show", SOURCE, cwd=tmp_path)
        moment = source["rate_limit_until"][:19].replace("T", " ")
        assert f"Telegram asks to wait until {moment} UTC" in failed.stderr
        assert "Hint: No request is sent before then" in failed.stderr
        assert (source["status"], source["last_post_id"]) == ("active", 200)
        counts = dict(server.counts)
        again = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path, code=1)
        assert f"Telegram asks to wait until {moment} UTC" in again.stderr
        assert dict(server.counts) == counts
    assert list(held(env, news)) == sorted(list(truth(news))[:200])


def test_after_a_long_wait_is_over_the_run_completes(process_env: dict[str, str], tmp_path: Path) -> None:
    """Started again and again, a process asks only when the moment has come, and then brings the rest."""
    news = plain_channel(450)
    with fake_telegram(news.world) as server:
        server.fault("messages.getHistory", error="FLOOD_WAIT_4", after=2, times=1)
        env = telegram_env(process_env, server, COLLECT_MAX_WAIT="1")
        add_source(env, tmp_path)
        tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path, code=1)
        while not _comes_to_the_end(env, tmp_path):
            assert server.counts["messages.getHistory"] == 3
        assert server.counts["flood_violations"] == 0
        assert server.counts["messages.getHistory"] == 6
    assert held(env, news) == truth(news)


def _comes_to_the_end(env: dict[str, str], folder: Path) -> bool:
    """Whether a run completed; otherwise it was told to wait for longer than it may."""
    process = begin(env, "ingest", "--source", SOURCE, cwd=folder, stderr=PIPE)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 or "Telegram asks to wait until" in errors
    return process.returncode == 0


@pytest.mark.parametrize("drop", ["before", "reply", "mid"])
def test_connections_that_end_anywhere_lose_and_double_nothing(
    drop: str, process_env: dict[str, str], tmp_path: Path
) -> None:
    """Cut before the request is handled, before the answer or in the middle of it, at seven places of one run."""
    news = mixed_channel(300, comments=0.15)
    with fake_telegram(news.world) as server:
        for method, after in PLACES:
            server.fault(method, drop=drop, after=after, times=1)
        env = telegram_env(process_env, server)
        add_source(env, tmp_path)
        done = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path)
        assert server.counts["drops"] == len(PLACES)
        assert "Traceback" not in done.stderr
        assert ingest(env, tmp_path) == {}
    assert held(env, news) == truth(news)


def test_a_server_that_goes_away_for_a_while_is_found_again(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Down for half a second in the middle of the comments, within the patience of the retries."""
    news = mixed_channel(300, comments=0.15)
    with fake_telegram(news.world) as server:
        server.fault("messages.getReplies", drop="before", down=0.5, after=5, times=1)
        env = telegram_env(sqlite_env, server, RETRY_MAX_ATTEMPTS="6")
        add_source(env, tmp_path)
        ingest(env, tmp_path)
        assert server.counts["drops"] == 1
    assert held(env, news) == truth(news)
