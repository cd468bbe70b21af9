"""Logging in from several requests of one process: each step tells the next, and nothing stays open behind them."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, login_variables, world
from telegram_protected import protected
from telegram_reach import reach

from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, BusyError, SourceUnavailableError, UsageError
from tg_parser.domain.peers import parse_peer
from tg_parser.ingestion.telegram.session import load_session
from tg_parser.services.login import LoginService
from tg_parser.services.login_attempt import LoggedIn, LoginStep
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.accounts import AccountStorage

PHONE, CODE = "+79990000000", "12345"
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    inhabited = world()
    inhabited.channel("news", "Новости").post("first")
    with fake_telegram(inhabited) as running:
        yield running


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "account" / "telegram.session"


async def nobody_keeps_it() -> None:
    """A process without a session of its own."""


def login_at(
    server: Any,
    databases: Databases,
    folder: Path,
    *,
    patience: float = 60.0,
    scan_pause: float = 3.0,
    give_back: Callable[..., Any] = nobody_keeps_it,
    **variables: Any,
) -> LoginService:
    settings = TelegramSettings(_env_file=None, **{**login_variables(server, folder), **variables})
    retry = RetrySettings(max_attempts=1)
    accounts = AccountStorage(databases.ingestion)
    return LoginService(settings, retry, accounts, databases.locks, give_back, patience=patience, scan_pause=scan_pause)


async def in_a_request(step: Coroutine[Any, Any, Any]) -> Any:
    """A step in a task of its own, which ends with it, as each request of a page is one."""
    return await asyncio.create_task(step)


def mode_of(file: Path) -> int | None:
    """Who may read and write a file; None where there is none."""
    return stat.S_IMODE(file.stat().st_mode) if file.exists() else None


def wanting(answer: LoginStep | LoggedIn) -> LoginStep:
    """The answer of a step after which another is wanted."""
    assert isinstance(answer, LoginStep)
    return answer


async def until(true: Callable[..., Any]) -> None:
    """Return as soon as something is `true`, which it must be within twenty seconds."""
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def connections_gone(server: Any) -> None:
    await until(lambda: not server.connections)


@pytest.mark.parametrize("failure", ["refused_keys", "cut_exchanges"])
async def test_an_exchange_of_keys_that_must_begin_anew_is_repeated(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path, failure: str
) -> None:
    """Telegram wants the key made anew, or cuts the connection: the login goes on with a whole key.

    Once, not twice: the third try is left for the one key in 256 that Telethon makes too short.
    """
    setattr(server, failure, 1)
    login = login_at(server, databases, tmp_path)
    await login.start()
    await login.submit_phone(PHONE)
    assert isinstance(await login.submit_code(CODE), LoggedIn)
    assert (getattr(server, failure), server.counts["handshakes"]) == (0, 1)
    assert server.counts["connections"] == 2 + server.counts["short_keys"]
    kept = load_session(TelegramSettings(_env_file=None, TELEGRAM_SESSION=str(session)))
    assert len(kept.key) == 256


async def test_an_exchange_of_keys_is_tried_three_times(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path
) -> None:
    """After the third failure the login says that the connection failed."""
    server.cut_exchanges = 3
    with pytest.raises(SourceUnavailableError, match="The connection to Telegram failed: it was cut"):
        await login_at(server, databases, tmp_path).start(PHONE)
    assert (server.cut_exchanges, server.counts["connections"]) == (0, 3)


async def test_a_code_comes_in_steps_over_one_connection(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path
) -> None:
    """Each request is a task of its own; each answer says what is wanted next, where to look, and for how long."""
    login, begun = login_at(server, databases, tmp_path), datetime.now(UTC)
    assert (await in_a_request(login.start())).wanted == "phone"
    step = await in_a_request(login.submit_phone(PHONE))
    assert (step.wanted, step.sent, step.problem) == ("code", "in Telegram on another device", None)
    assert begun + timedelta(seconds=60) <= step.good_until <= datetime.now(UTC) + timedelta(seconds=60)
    assert await in_a_request(login.submit_code(CODE)) == LoggedIn("Тест", session, already=False)
    assert mode_of(session) == 0o600
    assert server.counts["handshakes"] == 1
    assert len({entry.conn for entry in server.requests("auth.*")}) == 1
    await connections_gone(server)


async def test_a_wrong_code_is_wanted_again(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path
) -> None:
    """The step says why; the right one then logs in."""
    login = login_at(server, databases, tmp_path)
    first = wanting(await login.start(PHONE))
    again = wanting(await login.submit_code("11111"))
    assert (again.wanted, again.sent, again.problem) == ("code", first.sent, "Telegram does not accept this code.")
    assert isinstance(await login.submit_code(CODE), LoggedIn)


async def test_the_third_wrong_code_ends_the_attempt(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path
) -> None:
    """Nothing stays open, and the right code comes too late."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    for code in ("1", "2"):
        assert wanting(await login.submit_code(code)).wanted == "code"
    with pytest.raises(AccountError, match="does not accept this code"):
        await login.submit_code("3")
    await connections_gone(server)
    with pytest.raises(AccountError, match="given up"):
        await login.submit_code(CODE)
    assert mode_of(session) is None


@on_sqlite
async def test_an_answer_that_is_not_wanted_is_refused(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """The attempt goes on: the page showed the wrong form."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    with pytest.raises(UsageError, match="waiting for the code that Telegram sent, not for the password"):
        await login.submit_password("secret")
    assert isinstance(await login.submit_code(CODE), LoggedIn)


@on_sqlite
async def test_an_answer_can_be_given_again_when_the_network_is_back(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """A connection that is cut ends the step and not the attempt."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    server.fault("auth.signIn", drop="before", times=1)
    with pytest.raises(SourceUnavailableError):
        await login.submit_code(CODE)
    assert isinstance(await login.submit_code(CODE), LoggedIn)


@on_sqlite
async def test_a_password_follows_the_code(databases: Databases, tmp_path: Path) -> None:
    """A wrong one is wanted again."""
    with protected(asks_password=True) as server:
        server.fault("auth.checkPassword", error="PASSWORD_HASH_INVALID", times=1)
        login = login_at(server, databases, tmp_path)
        await login.start(PHONE)
        assert wanting(await login.submit_code(CODE)).wanted == "password"
        assert wanting(await login.submit_password("wrong")).problem == "Telegram does not accept this password."
        entered = await login.submit_password("right")
        assert isinstance(entered, LoggedIn)
        assert entered.account == "Тест"


@on_sqlite
async def test_a_qr_code_is_renewed_until_it_is_scanned(databases: Databases, tmp_path: Path) -> None:
    """Each code comes as a step with the moment until which it is good; the last one logs in."""
    with protected(asks_password=False, codes=3) as server:
        login = login_at(server, databases, tmp_path, scan_pause=0.01)
        step, shown = await login.start(by_qr=True), []
        while isinstance(step, LoginStep):
            assert step.wanted == "scan"
            assert 0 < (step.good_until - datetime.now(UTC)).total_seconds() <= 30
            shown.append(step.url)
            step = await login.wait_for_scan()
        assert step.account == "Тест"
    assert shown == [f"tg://login?token={token}" for token in ("dG9rZW4gMQ", "dG9rZW4gMg", "dG9rZW4gMw")]


@on_sqlite
async def test_cancelling_ends_the_step_that_waits(databases: Databases, tmp_path: Path) -> None:
    """The request that waits for a scan is answered with an error; its task is not stopped under the server's feet."""
    with protected(asks_password=False, codes=10**6) as server:
        login = login_at(server, databases, tmp_path)
        await login.start(by_qr=True)
        waiting = asyncio.create_task(login.wait_for_scan())
        await asyncio.sleep(0)
        await login.cancel()
        with pytest.raises(AccountError, match="given up"):
            await waiting
        assert waiting.cancelling() == 0
        await connections_gone(server)


async def test_a_request_that_goes_away_leaves_the_attempt(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """A page that is loaded again goes on where it was."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    server.fault("auth.signIn", delay=30, times=1)
    lost = asyncio.create_task(login.submit_code(CODE))
    await until(lambda: server.requests("auth.signIn"))
    lost.cancel()
    await asyncio.wait({lost})
    assert lost.cancelled()
    assert isinstance(await login.submit_code(CODE), LoggedIn)


async def test_an_abandoned_attempt_leaves_nothing_open(
    server: FakeTelegram, databases: Databases, tmp_path: Path, session: Path
) -> None:
    """Its connection closes, the session that it was to replace is free again, and its code is refused."""
    path = server.session_file(tmp_path / "old.session")
    login = login_at(server, databases, tmp_path, patience=0.3, TELEGRAM_SESSION=path)
    assert wanting(await login.start(PHONE, force=True)).wanted == "code"
    async with reach(server, databases, TELEGRAM_SESSION=path) as api:
        with pytest.raises(BusyError, match="The Telegram session is in use"):
            async with api.open(parse_peer("news")):
                pass
        await connections_gone(server)
        with pytest.raises(AccountError, match="waited too long"):
            await login.submit_code(CODE)
        async with asyncio.timeout(20), api.open(parse_peer("news")) as chat:
            assert chat.chat.title == "Новости"


async def test_a_new_attempt_takes_the_place_of_the_last(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """Somebody closed the page and began anew."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    assert wanting(await login.start()).wanted == "phone"
    with pytest.raises(UsageError, match="waiting for a phone number"):
        await login.submit_code(CODE)
    await login.cancel()
    await connections_gone(server)


async def test_who_is_logged_in_is_told_at_once(server: FakeTelegram, databases: Databases, tmp_path: Path) -> None:
    """No step is wanted, and the session is free right after."""
    path = server.session_file(tmp_path / "old.session")
    login = login_at(server, databases, tmp_path, TELEGRAM_SESSION=path)
    assert await login.start() == LoggedIn("Тест", tmp_path / "old.session", already=True)
    await connections_gone(server)
    assert await login.start() == LoggedIn("Тест", tmp_path / "old.session", already=True)


async def test_a_process_that_keeps_the_session_gives_it_back_for_a_login(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """It collected a while ago and keeps the account for the next chat; after the login it uses the new session."""
    path = server.session_file(tmp_path / "old.session")
    before = load_session(TelegramSettings(_env_file=None, TELEGRAM_SESSION=path)).key
    async with reach(server, databases, TELEGRAM_SESSION=path, TELEGRAM_IDLE_TIME="3600") as api:
        async with api.open(parse_peer("news")):
            pass
        login = login_at(server, databases, tmp_path, give_back=api.give_back, TELEGRAM_SESSION=path)
        await login.start(PHONE, force=True)
        await login.submit_code(CODE)
        assert load_session(TelegramSettings(_env_file=None, TELEGRAM_SESSION=path)).key != before
        async with api.open(parse_peer("news")) as chat:
            assert chat.chat.title == "Новости"


@on_sqlite
async def test_a_session_string_is_written_without_a_terminal(
    server: FakeTelegram, databases: Databases, tmp_path: Path
) -> None:
    """For another machine, into a file for its owner alone."""
    login = login_at(server, databases, tmp_path)
    await login.start(PHONE)
    await login.submit_code(CODE)
    await login.export_string(tmp_path / "string.txt")
    assert stat.S_IMODE((tmp_path / "string.txt").stat().st_mode) == 0o600
    assert len((tmp_path / "string.txt").read_text().strip()) == 353
