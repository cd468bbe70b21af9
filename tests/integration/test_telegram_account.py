"""The account is safe: a dead session is left alone, one process at a time uses a live one, bad ones are named."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_telegram.chat import Chat
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake, fake_telegram, world
from fresh_databases import settings_of, sqlite_files
from telegram_clock import skewed_telegram
from telegram_reach import EVERYTHING, OpenChats, messages_of, open_chat, reach

from tg_parser.cli.hints import hint_of
from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, BusyError, RateLimitedError, SourceUnavailableError
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.accounts import AccountStorage

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def news() -> Chat:
    channel = world().channel("news", "Новости")
    for number in range(1, 11):
        channel.post(f"post {number}")
    return channel


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


@pytest.fixture
def takeouts() -> Iterator[None]:
    """The server learns to begin and to end a takeout."""
    module = fake()
    account = module.fn.account
    module.rpc(account.InitTakeoutSessionRequest)(lambda *_: module.tl.account.Takeout(77))
    module.rpc(account.FinishTakeoutSessionRequest)(lambda *_: True)
    yield
    del module.HANDLERS[account.InitTakeoutSessionRequest], module.HANDLERS[account.FinishTakeoutSessionRequest]


@pytest.mark.parametrize(
    "error", ["AUTH_KEY_UNREGISTERED", "AUTH_KEY_DUPLICATED", "SESSION_REVOKED", "USER_DEACTIVATED"]
)
async def test_a_dead_session_is_never_used_again(server: FakeTelegram, databases: Databases, error: str) -> None:
    """The error names the login; a restarted process refuses without a connection."""
    server.fault("messages.getHistory", error=error)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        with pytest.raises(AccountError, match="The Telegram session cannot be used any more") as caught:
            await messages_of(chat.batches(EVERYTHING))
        assert "tg-parser login" in hint_of(caught.value)
        asked = len(server.log)
        with pytest.raises(AccountError):
            await open_chat(api, "news")
        assert len(server.log) == asked
    connections = server.counts["connections"]
    async with reach(server, databases) as restarted:
        with pytest.raises(AccountError, match="cannot be used any more"):
            await open_chat(restarted, "news")
    assert server.counts["connections"] == connections


@on_sqlite
async def test_a_key_that_telegram_forgot_is_dead_too(server: FakeTelegram, databases: Databases) -> None:
    """The server answers -404 to a key it has never seen."""
    async with reach(server, databases) as api:
        server.keys.clear()
        with pytest.raises(AccountError, match="Telegram does not know its key"):
            await open_chat(api, "news")
    assert server.counts["unknown_auth_key"] == 1


@on_sqlite
async def test_another_session_is_not_blamed(server: FakeTelegram, databases: Databases) -> None:
    """The block belongs to the key, not to the databases."""
    server.fault("contacts.resolveUsername", error="AUTH_KEY_UNREGISTERED", times=1)
    async with reach(server, databases) as api:
        with pytest.raises(AccountError):
            await open_chat(api, "news")
    async with reach(server, databases, TELEGRAM_SESSION=server.session_string(seed="another")) as api:
        assert (await open_chat(api, "news")).chat.username == "news"


async def test_a_session_serves_one_process_at_a_time(server: FakeTelegram, databases: Databases) -> None:
    """The second is told who has it and what to do; after the first has closed it may go on."""
    async with reach(server, databases) as first:
        await open_chat(first, "news")
        async with reach(server, databases) as second:
            with pytest.raises(BusyError, match="The Telegram session is in use") as caught:
                await open_chat(second, "news")
        assert "tg-parser login" in hint_of(caught.value)
    async with reach(server, databases) as third:
        assert (await open_chat(third, "news")).chat.username == "news"
    assert server.counts["connections"] == 2


@on_sqlite
async def test_a_session_file_is_guarded_across_databases(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """Two processes that share nothing but the file still know of each other."""
    path = server.session_file(tmp_path / "shared.session", seed="shared")
    elsewhere = settings_of(sqlite_files(tmp_path / "other"))
    async with open_databases(elsewhere) as others, reach(server, databases, TELEGRAM_SESSION=path) as first:
        await open_chat(first, "news")
        async with reach(server, others, TELEGRAM_SESSION=path) as second:
            with pytest.raises(BusyError, match="The Telegram session is in use"):
                await open_chat(second, "news")


@on_sqlite
async def test_a_session_file_is_used_as_it_is(server: FakeTelegram, databases: Databases, tmp_path: Path) -> None:
    """It serves its owner alone from now on, and collecting writes nothing into it."""
    path = tmp_path / "account.session"
    server.session_file(path)
    path.chmod(0o644)
    before = path.read_bytes()
    async with reach(server, databases, TELEGRAM_SESSION=str(path)) as api:
        chat = await open_chat(api, "news")
        assert len(await messages_of(chat.batches(EVERYTHING))) == 10
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == before


@on_sqlite
@pytest.mark.parametrize("error", ["API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"])
async def test_wrong_credentials_are_named(server: FakeTelegram, databases: Databases, error: str) -> None:
    """The session is not to blame and stays usable; the error says where to look."""
    server.fault("help.getConfig", error=error, times=1)
    async with reach(server, databases) as api:
        with pytest.raises(AccountError, match="TELEGRAM_API_ID") as caught:
            await open_chat(api, "news")
        assert "my.telegram.org" in hint_of(caught.value)
        assert (await open_chat(api, "news")).chat.username == "news"


@on_sqlite
async def test_without_credentials_or_session_nothing_is_asked(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """Whether the API can be used is seen without a connection; trying all the same names what is missing."""
    accounts, retry = AccountStorage(databases.ingestion), RetrySettings()

    def api(**variables: Any) -> OpenChats:
        settings = TelegramSettings(_env_file=None, **variables)
        return OpenChats(settings, retry, 300, accounts, databases.locks)

    complete = {
        "TELEGRAM_API_ID": 1, "TELEGRAM_API_HASH": "h", "TELEGRAM_SESSION": server.session_string(),
    }  # fmt: skip
    assert api(**complete).is_configured()
    for missing in complete:
        some = {name: value for name, value in complete.items() if name != missing}
        lacking = api(**{"TELEGRAM_SESSION": str(tmp_path / "none.session"), **some})
        assert not lacking.is_configured()
        with pytest.raises(AccountError):
            await open_chat(lacking, "news")
    assert server.counts["connections"] == 0


@on_sqlite
@pytest.mark.parametrize("skew", [86_400, -86_400])
async def test_a_clock_that_is_wrong_by_a_day_is_corrected(news: Chat, databases: Databases, skew: int) -> None:
    """Telegram tells its own time with the refusal; the question is sent again with it."""
    with skewed_telegram(news.world, skew) as server:
        async with reach(server, databases) as api:
            chat = await open_chat(api, "news")
            assert len(await messages_of(chat.batches(EVERYTHING))) == 10
    assert server.counts["refused"] == 1


@on_sqlite
async def test_a_clock_that_cannot_be_corrected_is_an_error(news: Chat, databases: Databases) -> None:
    """A server that refuses the corrected time as well is not argued with for ever; the hint names the clock."""
    with skewed_telegram(news.world, 86_400, relents=False) as server:
        async with reach(server, databases, patience=0.3) as api:
            with pytest.raises(SourceUnavailableError) as caught:
                await open_chat(api, "news")
    assert "clock" in hint_of(caught.value)


@on_sqlite
async def test_a_takeout_is_begun_and_ended_only_where_it_is_wished(
    server: FakeTelegram, takeouts: None, databases: Databases
) -> None:
    """History is asked for inside it, and Telegram is told when it is done."""
    async with reach(server, databases, TELEGRAM_TAKEOUT="true") as api:
        chat = await open_chat(api, "news")
        assert len(await messages_of(chat.batches(EVERYTHING))) == 10
    asked = [entry.method for entry in server.log]
    assert asked[1:] == [
        "account.initTakeoutSession", "contacts.resolveUsername", "messages.getHistory", "account.finishTakeoutSession",
    ]  # fmt: skip


@on_sqlite
async def test_telegram_may_let_a_takeout_wait(server: FakeTelegram, takeouts: None, databases: Databases) -> None:
    """A wait of hours before a takeout ends the run like any other."""
    server.fault("account.initTakeoutSession", error="TAKEOUT_INIT_DELAY_7200")
    async with reach(server, databases, TELEGRAM_TAKEOUT="true") as api:
        with pytest.raises(RateLimitedError):
            await open_chat(api, "news")
