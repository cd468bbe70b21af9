"""The session is given back while nobody uses it, and opened again at the next use; nothing is asked in between."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import process_environment
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, telegram_variables, world
from telegram_reach import EVERYTHING, OpenChats, messages_of, reach

from tg_parser.domain.errors import BusyError
from tg_parser.domain.peers import parse_peer
from tg_parser.ingestion.telegram.chat import TelegramChat
from tg_parser.storage.engine.databases import Databases

NEWS = parse_peer("news")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    inhabited = world()
    inhabited.channel("news", "Новости").post("first")
    with fake_telegram(inhabited) as running:
        yield running


async def free_again(api: OpenChats, seconds: int = 20) -> TelegramChat:
    """The chat as soon as nobody else has the session."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with api.open(NEWS) as chat:
                    return chat
            except BusyError:
                await asyncio.sleep(0.02)


async def test_an_unused_session_serves_the_next(server: FakeTelegram, databases: Databases) -> None:
    """The first never ends and still gives the session back; it is refused only while the second has a chat in use."""
    async with (
        reach(server, databases, TELEGRAM_IDLE_TIME="0.2") as first,
        reach(server, databases, TELEGRAM_IDLE_TIME="0") as second,
    ):
        async with first.open(NEWS):
            with pytest.raises(BusyError, match="The Telegram session is in use"):
                async with second.open(NEWS):
                    pass
        await free_again(second)
        async with second.open(NEWS):
            with pytest.raises(BusyError, match="The Telegram session is in use"):
                async with first.open(NEWS):
                    pass
        assert (await free_again(first)).chat.title == "Новости"


async def test_a_session_is_kept_while_any_chat_is_in_use(server: FakeTelegram, databases: Databases) -> None:
    """Two use it; however long the second takes, the end of the first gives nothing back and one connection serves."""
    async with reach(server, databases, TELEGRAM_IDLE_TIME="0") as api:
        async with api.open(NEWS) as second:
            async with api.open(NEWS):
                pass
            assert len(await messages_of(second.batches(EVERYTHING))) == 1
        assert server.counts["connections"] == 1


async def test_uses_close_together_share_a_connection(server: FakeTelegram, databases: Databases) -> None:
    """Before the idle time is over nothing is closed and nothing is opened."""
    async with reach(server, databases, TELEGRAM_IDLE_TIME="60") as api:
        for _ in range(3):
            async with api.open(NEWS):
                pass
        assert server.counts["connections"] == 1


async def test_many_who_come_and_go_never_meet_a_closed_session(server: FakeTelegram, databases: Databases) -> None:
    """With no idle time at all every one of sixty uses finds the session open, or opens it."""
    async with reach(server, databases, TELEGRAM_IDLE_TIME="0") as api:

        async def read() -> int:
            async with api.open(NEWS) as chat:
                return len(await messages_of(chat.batches(EVERYTHING)))

        for _ in range(10):
            assert await asyncio.gather(*(read() for _ in range(6))) == [1] * 6


@on_sqlite
async def test_a_session_given_back_is_not_used_any_more(server: FakeTelegram, databases: Databases) -> None:
    """Who keeps a chat beyond its block gets nothing through to Telegram, which would end the session."""
    async with reach(server, databases, TELEGRAM_IDLE_TIME="60") as api:
        async with api.open(NEWS) as chat:
            pass
        await api.give_back()
        connections = server.counts["connections"]
        with pytest.raises(RuntimeError, match="given back"):
            await messages_of(chat.batches(EVERYTHING))
        assert server.counts["connections"] == connections


@on_sqlite
async def test_a_chat_in_use_is_not_given_back_on_request(server: FakeTelegram, databases: Databases) -> None:
    """The request is for a session that lies idle."""
    async with reach(server, databases) as api, api.open(NEWS) as chat:
        await api.give_back()
        assert len(await messages_of(chat.batches(EVERYTHING))) == 1
        assert server.counts["connections"] == 1


@on_sqlite
async def test_a_session_is_never_given_back_before_its_pause_is_over(
    server: FakeTelegram, databases: Databases
) -> None:
    """Whoever takes it next knows nothing of the last request, so the pause between two requests is waited out."""
    loop = asyncio.get_running_loop()
    async with (
        reach(server, databases, TELEGRAM_IDLE_TIME="0", TELEGRAM_WAIT_TIME="0.5") as first,
        reach(server, databases, TELEGRAM_IDLE_TIME="0") as second,
    ):
        async with first.open(NEWS):
            pass
        since = loop.time()
        await free_again(second)
        assert loop.time() - since >= 0.5


@on_sqlite
async def test_another_process_takes_an_idle_session(
    server: FakeTelegram, databases: Databases, sqlite_variables: dict[str, str]
) -> None:
    """A command of its own collects with the session of a process that goes on, which then collects again."""
    environment = process_environment({**sqlite_variables, **telegram_variables(server)})
    async with reach(server, databases, TELEGRAM_IDLE_TIME="0") as api:
        async with api.open(NEWS):
            pass
        await api.give_back()
        command = ["run", "@news", "--skip-process", "--skip-topicize", "--skip-export", "--json"]
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "tg_parser", *command],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (await free_again(api)).chat.title == "Новости"
