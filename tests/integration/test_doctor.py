"""The doctor finds what is wrong with an installation, names what to do, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from backup_samples import with_backups
from fake_telegram_server import fake_telegram, telegram_variables, world
from llm_servers import unreachable_url
from samples import CHANNEL
from sqlalchemy import make_url, text

from tg_parser.config.api_settings import ApiSettings
from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.settings import Settings, TelegramSettings, WebSettings
from tg_parser.domain.errors import SettingsError
from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.keys import Actor
from tg_parser.domain.sources import Attempt, SourceChange
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.telegram.session import load_session
from tg_parser.jobs.embedded import LOCK
from tg_parser.services.doctor.finding import Finding
from tg_parser.services.doctor.machine import check_clock, room_finding
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.migrator import downgrade, version_table
from tg_parser.storage.stores.accounts import AccountStorage
from tg_parser.storage.stores.jobs import JobStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.wiring.app import open_app
from tg_parser.wiring.backups import backup_service
from tg_parser.wiring.doctor import doctor

CHECKS = ["settings", "disk", "database", "migrations", "clock", "session", "api keys", "worker", "model", "backup"]
IN_SCHEMAS = ("session", "api keys", "worker")
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
OPERATOR = Actor("operator", "terminal")


@pytest.fixture
def settings(database_environment: dict[str, str], tmp_path: Path) -> Settings:
    """An installation of its own: databases, and an empty folder for backups."""
    chosen = with_backups(database_environment, tmp_path / "backups")
    telegram = TelegramSettings(_env_file=None, TELEGRAM_SESSION=str(tmp_path / "telegram.session"))
    return chosen.model_copy(update={"telegram": telegram})


async def examined(settings: Settings, *, online: bool = False) -> dict[str, Finding]:
    """The findings by check, in their order; every check is made once."""
    found = [each async for each in doctor(lambda: settings, online=online).findings()]
    assert sorted(each.check for each in found) == sorted(CHECKS)
    return {each.check: each for each in found}


def statuses(found: dict[str, Finding]) -> dict[str, str]:
    return {check: finding.status for check, finding in found.items()}


def all_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


async def with_source(settings: Settings, **change: Any) -> None:
    """A source that was collected a minute ago."""
    async with open_databases(settings) as databases:
        sources, now = IngestionStorage(databases.ingestion), utc_now()
        await sources.save_source(SourceChange(source_id="news", channel_id=CHANNEL, **change), now)
        then = now - timedelta(minutes=1)
        await sources.record_attempt(Attempt(source_id="news", started_at=then, finished_at=then, success=True))


async def test_a_sound_installation_has_no_warning(settings: Settings, backend: str) -> None:
    """Every check is made, in order, and finds nothing; what is not set up is skipped."""
    await with_source(settings, channel_username="news")
    await backup_service(settings).create()
    found = await examined(settings)
    assert list(found) == CHECKS
    assert statuses(found) == {**dict.fromkeys(CHECKS, "ok"), "session": "skipped"}
    assert found["worker"].message == "No worker is running, and no job is waiting."
    assert found["database"].message.endswith("ms.")
    assert ("PostgreSQL" in found["clock"].message) == (backend == "postgresql")


async def test_nothing_is_made_where_there_is_nothing(sqlite_variables: dict[str, str], tmp_path: Path) -> None:
    """Before the first run, the doctor says how to begin, and leaves no file behind."""
    settings = with_backups(sqlite_variables, tmp_path / "backups")
    before = all_in(tmp_path)
    found = await examined(settings)
    assert all_in(tmp_path) == before
    assert (found["database"].status, found["database"].data["case"]) == ("warning", "nothing_yet")
    assert {found[check].status for check in ("migrations", *IN_SCHEMAS, "backup")} == {"skipped"}
    assert found["clock"].status == "ok"


async def test_wrong_settings_are_the_first_thing_to_put_right(settings: Settings) -> None:
    """Their error is the finding; everything else waits for it."""

    def load() -> Settings:
        raise SettingsError("DB_POOL_SIZE must be a number.", "Correct it.")

    found = {each.check: each async for each in doctor(load, online=False).findings()}
    assert sorted(found) == sorted(CHECKS)
    assert found["settings"] == Finding("settings", "failed", "DB_POOL_SIZE must be a number.", "Correct it.")
    assert {each.status for check, each in found.items() if check != "settings"} == {"skipped"}


@ON_SQLITE
async def test_a_misspelt_variable_is_pointed_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means nothing is no error, and still not what somebody wanted."""
    monkeypatch.setenv("DB_POOL_SIZZE", "5")
    found = (await examined(settings))["settings"]
    assert (found.status, found.message) == (
        "warning",
        "DB_POOL_SIZZE is not a known setting, perhaps DB_POOL_SIZE is meant.",
    )


@ON_SQLITE
async def test_a_folder_that_cannot_be_one_fails(settings: Settings, tmp_path: Path) -> None:
    """A file stands where backups would go: everything else is examined all the same."""
    (tmp_path / "backups").write_text("a file")
    found = await examined(settings)
    assert found["disk"].status == "failed"
    assert found["disk"].message == (
        f"Folders are not writable: {tmp_path / 'backups'} is a file, but must be a folder (backups)."
    )
    assert found["migrations"].status == "ok"


@pytest.mark.parametrize(("free", "status"), [(99 << 20, "failed"), (101 << 20, "warning"), (1 << 30, "ok")])
def test_a_full_disk_is_noticed_before_it_is_full(free: int, status: str) -> None:
    """Below 1 GB there is a warning, below 100 MB a failure; the message says how much is left, and where."""
    found = room_finding(Path("data"), "backups", free)
    assert found.status == status
    assert "free in data (backups)" in found.message


@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [
        (4, "ok", "like the server"),
        (6, "warning", "6 seconds behind the server"),
        (-61, "failed", "ahead of the server"),
    ],
)
def test_the_clock_is_compared_with_others(seconds: int, status: str, words: str) -> None:
    """Five seconds are nothing, a minute is more than Telegram takes."""
    now = utc_now()
    found = check_clock(now, {"the server": now + timedelta(seconds=seconds)}, None)
    assert found.status == status
    assert words in found.message


async def test_a_clock_behind_what_was_stored_is_wrong(settings: Settings) -> None:
    """Without any other clock, what was collected tells that it is later than the clock shows."""
    await with_source(settings)
    now = utc_now() - timedelta(hours=2)
    found = [each async for each in doctor(lambda: settings, online=False, clock=lambda: now).findings()]
    (clock,) = [each for each in found if each.check == "clock"]
    assert clock.status == "failed"


def test_a_clock_behind_the_installation_is_wrong() -> None:
    """A machine that begins in 1970 after a power cut is told so."""
    found = check_clock(utc_now() - timedelta(days=20_000), {}, None)
    assert (found.status, "something was stored at" in found.message) == ("failed", True)


def spoil(file: Path) -> None:
    file.write_bytes(b"this is not a database" * 100)


async def test_a_database_that_does_not_answer_fails_and_the_rest_goes_on(
    database_environment: dict[str, str], tmp_path: Path, backend: str
) -> None:
    """The reason and the hint are those of every command; what needs no database is examined."""
    variables = dict(database_environment)
    with unreachable_url() as url:
        if backend == "sqlite":
            spoil(Path(variables["RAW_STORAGE_DB_PATH"]))
        else:
            away = make_url(variables["DB_URL"]).set(port=make_url(url).port)
            variables["DB_URL"] = away.render_as_string(hide_password=False)
        found = await examined(with_backups(variables, tmp_path / "backups"))
    assert found["database"].status == "failed"
    assert found["database"].hint
    assert {found[check].status for check in ("migrations", *IN_SCHEMAS)} == {"skipped"}
    assert (found["clock"].status, found["model"].status) == ("ok", "ok")


@pytest.mark.parametrize(
    ("change", "case"), [("older", "schema_behind"), ("newer", "schema_newer"), ("none", "schema_missing")]
)
async def test_a_schema_of_another_version_fails(settings: Settings, change: str, case: str) -> None:
    """Which database, and in which direction; nothing is migrated by looking."""
    async with open_databases(settings) as databases:
        if change == "newer":
            newer = text(f"UPDATE {version_table('raw')} SET version_num = 'raw_9999'")
            await databases.raw.write(lambda conn: conn.execute(newer))
        else:
            await downgrade(databases.raw, "-1" if change == "older" else "base")
    for _ in range(2):
        found = await examined(settings)
        assert (found["migrations"].status, found["migrations"].data) == ("failed", {"case": case})
        assert found["migrations"].message.startswith("raw ")
        assert {found[check].status for check in IN_SCHEMAS} == {"skipped"}


@ON_SQLITE
async def test_a_source_that_needs_the_account_needs_a_session(settings: Settings) -> None:
    """Without the application's number, without a session, with one that was cut or has ended: each has its hint."""
    await with_source(settings, via="api")
    assert (await examined(settings))["session"].message == "TELEGRAM_API_ID and TELEGRAM_API_HASH are not both set."
    with fake_telegram(world()) as server:
        variables = telegram_variables(server)
        there = {name: value for name, value in variables.items() if name != "TELEGRAM_SESSION"}
        nowhere = {**there, "TELEGRAM_SESSION": "nowhere.session"}
        missing = (await examined(with_telegram(settings, nowhere)))["session"]
        assert (missing.status, missing.data["case"]) == ("failed", "no_session")
        cut = {**there, "TELEGRAM_SESSION": variables["TELEGRAM_SESSION"][:-20]}
        assert (await examined(with_telegram(settings, cut)))["session"].data["case"] == "session_string_cut"
        logged_in = with_telegram(settings, variables)
        assert (await examined(logged_in))["session"].status == "ok"
        async with open_databases(settings) as databases:
            session = load_session(logged_in.telegram).session_id
            await AccountStorage(databases.ingestion).set_block(session, "it was ended", utc_now())
        ended = (await examined(logged_in))["session"]
        assert (ended.status, ended.data["case"]) == ("failed", "dead_session")
        assert server.counts["connections"] == 0


@ON_SQLITE
async def test_a_missing_session_that_nothing_needs_is_a_warning(settings: Settings) -> None:
    """The application is set up and nobody has logged in yet."""
    chosen = with_telegram(settings, {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "h", "TELEGRAM_SESSION": "nowhere"})
    found = (await examined(chosen))["session"]
    assert (found.status, found.data["case"]) == ("warning", "no_session")


def with_telegram(settings: Settings, variables: dict[str, Any]) -> Settings:
    return settings.model_copy(update={"telegram": TelegramSettings(_env_file=None, **variables)})


async def test_keys_that_end_soon_are_named_in_time(settings: Settings) -> None:
    """A missing key matters if the API requires one; one that ends within a week is a warning."""
    required = settings.model_copy(update={"api": ApiSettings(_env_file=None, API_KEY_REQUIRED="true")})
    assert (await examined(settings))["api keys"].status == "ok"
    missing = (await examined(required))["api keys"]
    assert (missing.status, missing.data) == ("warning", {"case": "key_missing"})
    async with open_app(settings) as app:
        fresh = await app.keys.create("site", "reader", OPERATOR, lasts=timedelta(days=6))
        found = (await examined(settings))["api keys"]
        assert (found.status, found.message) == ("warning", f"Expiring within a week: site ({fresh.key.key_id}).")
        await app.keys.revoke(fresh.key.key_id, OPERATOR)
        assert (await examined(required))["api keys"].status == "warning"
        await app.keys.create("bot", "reader", OPERATOR)
    assert (await examined(settings))["api keys"] == Finding("api keys", "ok", "1 valid.")


async def test_jobs_that_nobody_does_are_a_warning(settings: Settings) -> None:
    """A job waits and no worker is there."""
    async with open_databases(settings) as databases:
        now = utc_now()
        await JobStorage(databases.processing).add(Job(new_job_id(now), "cleanup", now, now))
    found = (await examined(settings))["worker"]
    assert (found.status, found.message) == ("warning", "No worker is running, and jobs are waiting: 1.")


@ON_SQLITE
async def test_a_running_worker_is_noticed(settings: Settings) -> None:
    """The process that does the jobs in SQLite files holds a lock."""
    async with open_databases(settings) as databases, databases.locks.exclusive(LOCK):
        assert (await examined(settings))["worker"] == Finding("worker", "ok", "A worker is running.")


async def test_a_backup_is_missed_and_may_be_too_old(settings: Settings) -> None:
    """None at all, and one of eight days ago, are warnings; a broken one does not count."""
    assert (await examined(settings))["backup"].message == "There is no intact backup."
    made = await backup_service(settings).create()
    assert (await examined(settings))["backup"].status == "ok"
    later = utc_now() + timedelta(days=8)
    old = [each async for each in doctor(lambda: settings, online=False, clock=lambda: later).findings()]
    assert [(each.status, each.data) for each in old if each.check == "backup"] == [("warning", {"case": "old_backup"})]
    next(path for path in made.path.iterdir() if path.stat().st_size > 1000).write_bytes(b"")
    assert (await examined(settings))["backup"].message == "There is no intact backup."


@ON_SQLITE
async def test_a_model_without_its_key_fails(settings: Settings) -> None:
    """Chosen, and not usable."""
    found = (await examined(with_model(settings, LLM_PROVIDER="anthropic")))["model"]
    assert (found.status, found.message) == ("failed", "ANTHROPIC_API_KEY is not set, so anthropic cannot be used.")


def with_model(settings: Settings, **variables: Any) -> Settings:
    return settings.model_copy(update={"llm": LlmSettings(_env_file=None, **variables)})


@contextmanager
def page_server(date: str | None, status: int = 200) -> Iterator[str]:
    """The address of a server that answers with `status`, and states `date` where it is only asked for the head."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(302)
            if date:
                self.send_header("Date", date)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests are silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def with_page(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"web": WebSettings(_env_file=None, WEB_PREVIEW_URL=url)})


@ON_SQLITE
async def test_online_everybody_is_asked(settings: Settings) -> None:
    """Telegram knows the account, the model takes the key, the clock is that of the preview's server."""
    with fake_telegram(world()) as server, page_server(format_datetime(utc_now())) as url:
        chosen = with_page(with_telegram(settings, telegram_variables(server)), url)
        found = await examined(with_model(chosen, LLM_PROVIDER="openai", LLM_BASE_URL=url, LLM_MODEL="m"), online=True)
        assert found["session"].message == "The Telegram session is valid, for Тест."
        assert found["model"].message.endswith("responds and accepts the key.")
        assert found["clock"].status == "ok"
        assert url in found["clock"].message


@ON_SQLITE
async def test_online_a_wrong_answer_is_a_finding(settings: Settings) -> None:
    """A session that Telegram has forgotten, a key that is refused, a clock an hour off, a server without one."""
    late = format_datetime(utc_now() - timedelta(hours=1))
    with fake_telegram(world()) as server, page_server(late, status=401) as url:
        variables = telegram_variables(server)
        server.keys.clear()
        chosen = with_page(with_telegram(settings, variables), url)
        found = await examined(with_model(chosen, LLM_PROVIDER="openai", LLM_BASE_URL=url, LLM_MODEL="m"), online=True)
    assert {check: found[check].status for check in ("session", "model", "clock")} == dict.fromkeys(
        ("session", "model", "clock"), "failed"
    )
    assert found["session"].data["case"] == "dead_session"
    assert "refuses the key" in found["model"].message
    with page_server(None) as url:
        assert "does not tell the time" in (await examined(with_page(settings, url), online=True))["clock"].message
