"""What cannot be collected through the API says in words why and what to do; nothing that is stored is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, begin, tg_parser, tg_parser_json
from fake_telegram.chat import Chat
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake_telegram, world
from telegram_worlds import SOURCE, add_source, held, ingest, plain_channel, telegram_env, truth

LOG_IN = "Log in again with: tg-parser login"


@pytest.fixture
def news() -> Chat:
    return plain_channel(250)


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


@pytest.fixture
def env(sqlite_env: dict[str, str], server: FakeTelegram) -> dict[str, str]:
    return telegram_env(sqlite_env, server, RETRY_MAX_ATTEMPTS="2")


def refused(env: dict[str, str], folder: Path, *arguments: str) -> tuple[str, str]:
    """The error and the hint of a command that fails with exit code 1, without a traceback."""
    done = tg_parser(env, *arguments, cwd=folder, code=1)
    assert "Traceback" not in done.stderr
    error, hint = done.stderr.strip().splitlines()[-2:]
    assert error.startswith("Error: ")
    assert hint.startswith("Hint: ")
    return error.removeprefix("Error: "), hint.removeprefix("Hint: ")


def source_of(env: dict[str, str], folder: Path) -> dict[str, Any]:
    return tg_parser_json(env, "sources", "show", SOURCE, cwd=folder)


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("nobody_here", "Nobody on Telegram has the name @nobody_here.", "Check the spelling"),
        ("closed_club", "@closed_club is private, or the account has lost access to it.", "Join it"),
        ("anna_smith", "@anna_smith is a person, not a channel.", "Give the name of a channel or group."),
        ("helper_bot", "@helper_bot is a bot, not a channel.", "Give the name of a channel or group."),
        ("-1009999999999", "The account knows no chat with the number -1009999999999.", "give its @name once"),
    ],
)
def test_what_is_no_readable_channel_is_named(
    name: str, said: str, hint: str, env: dict[str, str], news: Chat, tmp_path: Path
) -> None:
    """An unknown name, a private channel, a person, a bot, a number nobody told: each its own sentence and advice."""
    news.world.channel("closed_club", "Закрытый клуб", private=True)
    news.world.user("Anna", username="anna_smith")
    news.world.user("Helper", username="helper_bot", bot=True, bot_info_version=1)
    error, advice = refused(env, tmp_path, "run", name if name.startswith("-") else f"@{name}")
    assert error == said
    assert hint in advice


def test_a_channel_that_turns_private_midway_keeps_what_came(
    process_env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """The source stands in `error` with the reason; resumed when the channel is open again, it goes on where it was."""
    env = telegram_env(process_env, server)
    closed = server.fault("messages.getHistory", error="CHANNEL_PRIVATE", after=2)
    add_source(env, tmp_path, "--batch-size", "100")
    error, hint = refused(env, tmp_path, "ingest", "--source", SOURCE)
    assert error == "@news is private, or the account has lost access to it."
    assert hint.startswith("Join it in Telegram with the account that is logged in")
    source = source_of(env, tmp_path)
    assert (source["status"], source["last_post_id"], source["last_error"]) == ("error", 200, error)
    assert list(held(env, news)) == sorted(list(truth(news))[:200])
    server.faults.remove(closed)
    assert tg_parser_json(env, "sources", "resume", SOURCE, cwd=tmp_path)["status"] == "active"
    assert ingest(env, tmp_path)["new"] == 50
    assert held(env, news) == truth(news)
    assert source_of(env, tmp_path)["last_error"] is None


@pytest.mark.parametrize(
    ("variables", "said", "hint"),
    [
        ({"TELEGRAM_API_ID": ""}, "", ""),
        ({"TELEGRAM_SESSION": "nowhere.session"}, "There is no Telegram session: nowhere.session does not exist.", ""),
        (
            {"TELEGRAM_SESSION": "notes.session"},
            "notes.session cannot be read as a Telegram session",
            "tg-parser login",
        ),
        (
            {"TELEGRAM_SESSION": "1" + "A" * 351 + "="},
            "The session in TELEGRAM_SESSION is not logged in.",
            "tg-parser login",
        ),
        ({"TELEGRAM_SESSION": "1" + "A" * 300}, "looks like a session string, but is not a whole one", "Copy it again"),
    ],
)
def test_without_a_good_session_nothing_is_asked(
    variables: dict[str, str], said: str, hint: str, env: dict[str, str], server: FakeTelegram, tmp_path: Path
) -> None:
    """No credentials, no session, a file that is none, one never logged in, half a string: no prompt, no connection."""
    (tmp_path / "notes.session").write_text("Shopping: milk, bread. " * 100)
    given = {name: value for name, value in {**env, **variables}.items() if value}
    add_source(env, tmp_path)
    error, advice = refused(given, tmp_path, "ingest", "--source", SOURCE)
    assert (said or "The Telegram API needs TELEGRAM_API_ID and TELEGRAM_API_HASH.") in error
    assert (hint or ("my.telegram.org" if not said else "tg-parser login")) in advice
    assert server.counts["connections"] == 0
    assert (tmp_path / "notes.session").read_text().startswith("Shopping")


def test_wrong_credentials_are_named(env: dict[str, str], server: FakeTelegram, tmp_path: Path) -> None:
    """An api_id that Telegram does not accept: the variables are named, the session is not given up for it."""
    server.fault("help.getConfig", error="API_ID_INVALID", times=1)
    add_source(env, tmp_path)
    error, hint = refused(env, tmp_path, "ingest", "--source", SOURCE)
    assert error == "Telegram does not accept TELEGRAM_API_ID with TELEGRAM_API_HASH."
    assert "https://my.telegram.org" in hint
    assert source_of(env, tmp_path)["status"] == "error"
    tg_parser(env, "sources", "resume", SOURCE, cwd=tmp_path)
    assert ingest(env, tmp_path)["new"] == 250


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("AUTH_KEY_UNREGISTERED", "Telegram does not know it as logged in"),
        ("AUTH_KEY_DUPLICATED", "it was used from two places at once, so Telegram has ended it"),
        ("SESSION_REVOKED", "it was ended from another device"),
    ],
)
def test_a_dead_session_is_left_alone_by_the_next_process(
    refusal: str, reason: str, process_env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """Expired, used twice or ended elsewhere midway: what came is kept, and nobody connects with it again."""
    env = telegram_env(process_env, server)
    server.fault("messages.getHistory", error=refusal, after=1)
    add_source(env, tmp_path)
    said = f"The Telegram session cannot be used any more: {reason}"
    error, hint = refused(env, tmp_path, "ingest", "--source", SOURCE)
    assert (error, hint) == (f"{said}.", LOG_IN)
    assert list(held(env, news)) == sorted(list(truth(news))[:100])
    counts = dict(server.counts)
    tg_parser(env, "sources", "resume", SOURCE, cwd=tmp_path)
    error, hint = refused(env, tmp_path, "ingest", "--source", SOURCE)
    assert error.startswith(f"{said} (since ")
    assert hint == LOG_IN
    assert dict(server.counts) == counts


def test_a_foreign_session_is_refused(env: dict[str, str], server: FakeTelegram, tmp_path: Path) -> None:
    """A key that nobody has logged in with, and one that this Telegram has never seen."""
    stranger = {**env, "TELEGRAM_SESSION": server.session_string(seed="stranger", signed_in=False)}
    with fake_telegram(world()) as other:
        unknown = {**env, **telegram_env({}, other), "TELEGRAM_SERVER": f"2@127.0.0.1:{server.port}"}
        unknown["TELEGRAM_SESSION"] = other.session_string(seed="elsewhere")
    add_source(env, tmp_path)
    error, hint = refused(stranger, tmp_path, "ingest", "--source", SOURCE)
    assert (error, hint) == (
        "The Telegram session cannot be used any more: Telegram does not know it as logged in.",
        LOG_IN,
    )
    error, hint = refused(unknown, tmp_path, "ingest", "--source", SOURCE)
    assert (error, hint) == ("The Telegram session cannot be used any more: Telegram does not know its key.", LOG_IN)
    tg_parser(env, "sources", "resume", SOURCE, cwd=tmp_path)
    assert ingest(env, tmp_path)["new"] == 250


@pytest.mark.parametrize("shared", ["databases", "file"])
def test_two_processes_with_one_session_are_kept_apart(
    shared: str, process_env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """The second says who has the session and does not connect; the first completes, then the second may."""
    asked, go_on = threading.Event(), threading.Event()

    # A fault whose condition never holds: it lets the first process wait for an answer as long as the test wants.
    def never(_: Any) -> bool:
        asked.set()
        return not go_on.wait(SECONDS)

    held_up = server.fault("messages.getHistory", when=never)
    env = telegram_env(process_env, server)
    second = dict(env)
    if shared == "file":
        env["TELEGRAM_SESSION"] = second["TELEGRAM_SESSION"] = server.session_file(tmp_path / "account.session")
        second |= {"DB_TYPE": "sqlite", "INGESTION_STATE_DB_PATH": "2/i.sqlite", "RAW_STORAGE_DB_PATH": "2/r.sqlite"}
        second |= {"PROCESSING_STORAGE_DB_PATH": "2/p.sqlite"}
    add_source(env, tmp_path)
    first = begin(env, "ingest", "--source", SOURCE, cwd=tmp_path)
    try:
        assert asked.wait(SECONDS)
        error, hint = refused(second, tmp_path, "ingest", "--channel", "@news")
        assert error.startswith("The Telegram session is in use. Another run is working on ")
        assert "Telegram ends a session that is used in two places." in hint
        assert server.counts["connections"] == 1
    finally:
        go_on.set()
    first.communicate(timeout=SECONDS)
    assert first.returncode == 0
    assert held_up.fired == 0
    assert held(env, news) == truth(news)
    tg_parser(second, "ingest", "--channel", "@news", cwd=tmp_path)


def test_a_server_that_is_down_leaves_the_source_active(
    process_env: dict[str, str], news: Chat, tmp_path: Path
) -> None:
    """Nobody answers at the address: a clear error after the attempts; when it is back, the same command goes on."""
    with fake_telegram(news.world) as server:
        env = telegram_env(process_env, server)
        add_source(env, tmp_path)
        ingest(env, tmp_path)
    error, hint = refused(env, tmp_path, "ingest", "--source", SOURCE)
    assert error.startswith("The connection to Telegram failed: ")
    assert hint.startswith("Check the network")
    source = source_of(env, tmp_path)
    assert (source["status"], source["fail_count"], source["last_error"]) == ("active", 1, error)
    assert held(env, news) == truth(news)
    news.post("Снова здесь")
    with fake_telegram(news.world, port=server.port) as back:
        back.session_string(seed="tests")
        assert ingest(env, tmp_path)["new"] == 1
    assert source_of(env, tmp_path)["fail_count"] == 0


def test_trouble_of_telegrams_own_leaves_the_source_active(
    env: dict[str, str], server: FakeTelegram, news: Chat, tmp_path: Path
) -> None:
    """Internal errors without end: what came before is kept, the source may be collected later."""
    fault = server.fault("messages.getHistory", error="INTERNAL", after=1)
    add_source(env, tmp_path)
    done = tg_parser(env, "ingest", "--source", SOURCE, cwd=tmp_path, code=1)
    assert "Error: Telegram has trouble of its own (" in done.stderr
    assert "Traceback" not in done.stderr
    assert source_of(env, tmp_path)["status"] == "active"
    assert list(held(env, news)) == sorted(list(truth(news))[:100])
    server.faults.remove(fault)
    ingest(env, tmp_path)
    assert held(env, news) == truth(news)
