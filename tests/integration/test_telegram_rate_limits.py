"""Waits are honoured to the second and across restarts; a bad network loses nothing and is never asked for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from fake_telegram.chat import Chat
from fake_telegram.connection import Connection
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, world
from structlog.testing import capture_logs
from telegram_reach import EVERYTHING, OpenChats, messages_of, open_chat, reach

from tg_parser.domain.errors import RateLimitedError, SourceError, SourceUnavailableError
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.source import Window
from tg_parser.storage.engine.databases import Databases

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def news() -> Chat:
    channel = world().channel("news", "Новости")
    for number in range(1, 451):
        channel.post(f"post {number}")
    return channel


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


async def all_ids(api: OpenChats) -> list[int]:
    chat = await open_chat(api, "news")
    return [int(each.id) for each in await messages_of(chat.batches(EVERYTHING))]


@on_sqlite
async def test_a_wait_is_sat_out_and_said_once(server: FakeTelegram, databases: Databases) -> None:
    """Nothing is asked before it is over, nothing is lost, and one warning names the seconds."""
    server.fault("messages.getHistory", error="FLOOD_WAIT_2", after=1, times=1)
    started = time.monotonic()
    async with reach(server, databases) as api:
        with capture_logs() as told:
            assert await all_ids(api) == list(range(1, 451))
    assert time.monotonic() - started >= 2
    assert server.counts["flood_violations"] == 0
    warnings = [each for each in told if each["log_level"] == "warning"]
    assert [(each["event"], each["seconds"]) for each in warnings] == [
        ("Telegram asks to wait 2 s before GetHistory; waiting.", 2)
    ]


@on_sqlite
@pytest.mark.parametrize("error", ["FLOOD_PREMIUM_WAIT_1", "SLOWMODE_WAIT_1"])
async def test_every_kind_of_wait_is_one(server: FakeTelegram, databases: Databases, error: str) -> None:
    """Telegram has several names for it."""
    server.fault("messages.getHistory", error=error, times=1)
    async with reach(server, databases) as api:
        started = time.monotonic()
        assert await all_ids(api) == list(range(1, 451))
    assert time.monotonic() - started >= 1
    assert server.counts["flood_violations"] == 0


async def test_a_long_wait_ends_the_run_and_outlives_it(server: FakeTelegram, databases: Databases) -> None:
    """The moment is told and kept: a restarted process asks nothing of that kind before it."""
    server.fault("messages.getHistory", error="FLOOD_WAIT_3600", times=1)
    async with reach(server, databases) as api:
        with pytest.raises(RateLimitedError) as caught:
            await all_ids(api)
    assert timedelta(seconds=3590) < caught.value.until - utc_now() <= timedelta(seconds=3601)
    async with reach(server, databases) as restarted:
        with pytest.raises(RateLimitedError) as again:
            await all_ids(restarted)
    assert abs(again.value.until - caught.value.until) < timedelta(seconds=1)
    assert server.counts["messages.getHistory"] == 1
    assert server.counts["flood_violations"] == 0


async def test_a_short_wait_that_a_restart_cuts_is_sat_out_by_the_next_process(
    server: FakeTelegram, databases: Databases
) -> None:
    """The second process waits for what is left, then goes on."""
    server.fault("messages.getHistory", error="FLOOD_WAIT_3", times=1)
    async with reach(server, databases, max_wait=1) as api:
        with pytest.raises(RateLimitedError):
            await all_ids(api)
    started = time.monotonic()
    async with reach(server, databases) as restarted:
        assert await all_ids(restarted) == list(range(1, 451))
    assert time.monotonic() - started >= 1.5
    assert server.counts["flood_violations"] == 0


@on_sqlite
async def test_waits_that_follow_each_other_have_one_limit_together(server: FakeTelegram, databases: Databases) -> None:
    """Telegram that asks for a second again and again is not waited for without end."""
    server.fault("messages.getHistory", error="FLOOD_WAIT_1")
    async with reach(server, databases, max_wait=2) as api:
        with pytest.raises(RateLimitedError):
            await all_ids(api)
    assert server.counts["messages.getHistory"] == 3
    assert server.counts["flood_violations"] == 0


@on_sqlite
async def test_requests_keep_the_pace(server: FakeTelegram, databases: Databases) -> None:
    """Between two requests lie the seconds that the setting names."""
    async with reach(server, databases, TELEGRAM_WAIT_TIME="0.2") as api:
        await all_ids(api)
    asked = [entry.t for entry in server.requests("*.*") if entry.method != "help.getConfig"]
    assert len(asked) == 6
    # The server notes when it reads a request, which a busy machine may do late: one gap shrinks, the next one grows.
    assert min(later - earlier for earlier, later in pairwise(asked)) >= 0.1
    assert asked[-1] - asked[0] >= 0.9


@on_sqlite
@pytest.mark.parametrize("drop", ["before", "reply", "mid"])
async def test_a_lost_connection_loses_and_doubles_nothing(
    server: FakeTelegram, databases: Databases, drop: str
) -> None:
    """Cut before the question is read, after it was handled, or in the middle of the answer: it is asked again."""
    server.fault("messages.getHistory", drop=drop, every=2, times=3)
    async with reach(server, databases) as api:
        assert await all_ids(api) == list(range(1, 451))
    assert server.counts["drops"] == 3


@on_sqlite
async def test_a_connection_that_ends_between_two_questions_is_made_anew(
    server: FakeTelegram, databases: Databases
) -> None:
    """The idle connection is cut; the next question finds out at once."""
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        server.drop_all()
        started = time.monotonic()
        assert len(await messages_of(chat.batches(EVERYTHING))) == 450
    assert time.monotonic() - started < 5


@on_sqlite
async def test_trouble_of_telegrams_own_is_asked_again(server: FakeTelegram, databases: Databases) -> None:
    """An internal error is no answer."""
    server.fault("messages.getHistory", error="INTERNAL", every=2, times=2)
    async with reach(server, databases) as api:
        assert await all_ids(api) == list(range(1, 451))
    assert server.counts["error:INTERNAL"] == 2


@on_sqlite
async def test_trouble_that_does_not_end_is_told_after_the_attempts(server: FakeTelegram, databases: Databases) -> None:
    """As often as the setting says, then the error; what was read before is handed over."""
    server.fault("messages.getHistory", error="INTERNAL", after=2)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        taken = []
        with pytest.raises(SourceUnavailableError, match="trouble of its own"):
            async for batch in chat.batches(EVERYTHING):
                taken += batch.messages
    assert len(taken) == 200
    assert server.counts["messages.getHistory"] == 5


@on_sqlite
async def test_an_answer_that_never_comes_is_given_up(server: FakeTelegram, databases: Databases) -> None:
    """Every wait has an end; the question is asked again on a new connection."""
    server.fault("messages.getHistory", hang=True, times=1)
    async with reach(server, databases, patience=0.5) as api:
        assert await all_ids(api) == list(range(1, 451))
    assert server.counts["connections"] == 2


@on_sqlite
async def test_a_server_that_stays_silent_is_an_error(server: FakeTelegram, databases: Databases) -> None:
    """After the attempts the error says that nothing came in time."""
    server.fault("messages.getHistory", hang=True)
    async with reach(server, databases, patience=0.3) as api:
        with pytest.raises(SourceUnavailableError, match="did not answer in time"):
            await all_ids(api)
    assert server.counts["messages.getHistory"] == 3


@on_sqlite
async def test_a_server_that_is_down_for_a_while_is_found_again(server: FakeTelegram, databases: Databases) -> None:
    """Refused connections count as attempts, with a growing pause between them."""
    server.fault("messages.getHistory", drop="before", down=0.15, times=1)
    async with reach(server, databases) as api:
        assert await all_ids(api) == list(range(1, 451))


@on_sqlite
async def test_nobody_at_the_address_is_an_error(server: FakeTelegram, databases: Databases) -> None:
    """The error says that the network is the trouble, and may pass."""
    async with reach(server, databases, TELEGRAM_SERVER="2@127.0.0.1:1") as api:
        with pytest.raises(SourceUnavailableError, match="The connection to Telegram failed"):
            await open_chat(api, "news")


@on_sqlite
async def test_lost_connections_are_told_in_words_alone(
    server: FakeTelegram, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    """The library's own errors and tracebacks do not reach the log."""
    caplog.set_level(logging.WARNING)
    server.fault("messages.getHistory", drop="reply", every=2, times=3)
    async with reach(server, databases) as api:
        await all_ids(api)
    assert [record.message for record in caplog.records] == []


@on_sqlite
async def test_an_unknown_refusal_is_told_by_its_name(server: FakeTelegram, databases: Databases) -> None:
    """What nobody has met yet is shown as Telegram calls it, without a retry."""
    server.fault("messages.getHistory", error="BRAND_NEW_RULE")
    async with reach(server, databases) as api:
        with pytest.raises(SourceError, match="Telegram does not show @news: BRAND_NEW_RULE"):
            await all_ids(api)
    assert server.counts["messages.getHistory"] == 1


@on_sqlite
async def test_a_limit_of_a_few_messages_asks_for_no_more(server: FakeTelegram, databases: Databases) -> None:
    """One request, and only as many messages as are wanted."""
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        assert len(await messages_of(chat.batches(Window(limit=5)))) == 5
    assert [entry.args["limit"] for entry in server.requests("messages.getHistory")] == [5]


@on_sqlite
async def test_an_answer_of_a_newer_telegram_is_told(news: Chat, databases: Databases) -> None:
    """What cannot be read at all is an error in words, and is not asked for again."""

    class Unknown:
        def __bytes__(self) -> bytes:
            return b"\x01\x02\x03\x04"

    class Newer(FakeTelegram):
        def dispatch(self, conn: Connection, method: str, request: Any) -> Any:
            return Unknown() if method == "messages.getHistory" else super().dispatch(conn, method, request)

    with Newer(news.world) as server:
        async with reach(server, databases) as api:
            with pytest.raises(SourceError, match="something that this version does not know"):
                await all_ids(api)
        assert server.counts["messages.getHistory"] == 1


@on_sqlite
async def test_a_reader_that_stops_early_leaves_the_account_usable(server: FakeTelegram, databases: Databases) -> None:
    """The page that was already asked for is given up; the next question is answered as ever."""
    server.fault("messages.getHistory", delay=0.5, after=1, times=1)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        async with aclosing(chat.batches(Window(batch_size=100))) as batches:
            first = await anext(batches)
        assert [first.messages[0].id, first.messages[-1].id] == ["1", "100"]
        assert await all_ids(api) == list(range(1, 451))
