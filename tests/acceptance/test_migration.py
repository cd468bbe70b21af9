"""The migration as an operator runs it: processes, exit codes, SIGKILL, and the same export on both sides."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psycopg
import pytest
from cli_process import SECONDS, begin, exported, small_export, tg_parser, tg_parser_json
from conftest import process_environment
from fresh_databases import fresh_postgres_database
from knowledge_bases import MESSAGES_A_CHAT, KnowledgeBase, knowledge_base
from legacy_files import CHANNEL, LegacyFiles, full_files
from warm_child import WarmChild

pytestmark = pytest.mark.postgres
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate_sqlite_to_postgres.py"
MIGRATE = ("db", "migrate-from-sqlite")


@pytest.fixture
def url(postgres_variables: dict[str, str]) -> str:
    return postgres_variables["DB_URL"]


@pytest.fixture
def env() -> dict[str, str]:
    """An environment that names no database."""
    return process_environment({})


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """What the main job has made on SQLite, in ./databases."""
    with knowledge_base("sqlite", tmp_path) as made:
        yield made


def value(url: str, statement: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return row and row[0]


def test_the_export_after_is_the_export_before(
    knowledge: KnowledgeBase, postgres_env: dict[str, str], url: str, tmp_path: Path
) -> None:
    """The whole main job on SQLite, moved to PostgreSQL: the exported files are the same, byte for byte, times too."""
    done = tg_parser_json(
        postgres_env, *MIGRATE, "--sqlite-dir", "databases", "--postgres-url", url, "--verify", cwd=tmp_path
    )
    assert done["good"] is True
    tg_parser(postgres_env, "export", "--all", "--out", "after", cwd=tmp_path)
    assert len(exported(knowledge.out)) > 5
    assert {path.name: path.read_bytes() for path in knowledge.out.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "after").iterdir()
    }


def test_the_main_job_goes_on_in_postgresql(
    knowledge: KnowledgeBase, postgres_env: dict[str, str], url: str, tmp_path: Path
) -> None:
    """After the move a run finds nothing new to do, and new messages of the same chats join what was moved."""
    tg_parser(postgres_env, *MIGRATE, "--sqlite-dir", "databases", cwd=tmp_path)
    for export, new in ((knowledge.export, 0), (small_export(tmp_path, MESSAGES_A_CHAT + 4), 4)):
        done = tg_parser_json(postgres_env, "run", "--from-export", export, "--out", "server", cwd=tmp_path)
        assert max(chat["counts"]["new"] for chat in done["ingest"]) == new
        assert done["process"]["waiting"] == sum(chat["counts"]["new"] for chat in done["ingest"])


def test_files_of_the_earlier_version_can_be_exported(
    env: dict[str, str], postgres_env: dict[str, str], url: str, tmp_path: Path
) -> None:
    """What came from the earlier version is exported with its topic, its links and its dates."""
    files = full_files(tmp_path / "old", "B")
    files.run("processed_documents", "UPDATE processed_documents SET summary = 'About ' || source_message_id")
    tg_parser(env, *MIGRATE, "--sqlite-dir", "old", "--postgres-url", url, "--verify", cwd=tmp_path)
    tg_parser(postgres_env, "export", "--source", "news", "--out", "out", cwd=tmp_path)
    lines = (tmp_path / "out/kb_entries.ndjson").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["title"] for entry in entries] == [*(f"About {number}" for number in range(1, 6)), "Title"]
    assert entries[0]["source"]["link"] == "https://t.me/news/1"
    assert entries[0]["metadata"]["date"] == "2024-11-27T09:00:00Z"
    assert entries[0]["topics"] == [f"topic:tg:{CHANNEL}:post:1"]


def test_the_script_takes_the_same_arguments(env: dict[str, str], url: str, tmp_path: Path) -> None:
    """scripts/migrate_sqlite_to_postgres.py: dry run, migration with a report, rollback."""
    full_files(tmp_path / "old")
    base = [sys.executable, str(SCRIPT), "--postgres-url", url]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*base, *arguments], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    dry = run("--sqlite-dir", "old", "--dry-run", "--batch-size", "2")
    assert (dry.returncode, "dry run, nothing was changed" in dry.stdout) == (0, True)
    assert value(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    done = run("--sqlite-dir", "old", "--verify", "--on-conflict", "fail", "--report", "report.json", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["good"] is True
    assert json.loads((tmp_path / "report.json").read_text())["run_id"] == result["run_id"]
    undone = run("--rollback", result["run_id"])
    assert undone.returncode == 0, undone.stderr
    assert value(url, "SELECT count(*) FROM raw_messages") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--sqlite-dir"),
        (("--sqlite-dir", "old"), 2, "No target is given"),
        (("--sqlite-dir", "old", "--postgres-url", "mysql://x/y"), 2, "which is not PostgreSQL"),
        (("--sqlite-dir", "old", "--postgres-url", "URL", "--batch-size", "0"), 2, "batch-size"),
        (("--sqlite-dir", "nowhere", "--postgres-url", "URL"), 1, "is not a folder"),
        (("--sqlite-dir", "old", "--postgres-url", "URL", "--on-conflict", "guess"), 2, "on-conflict"),
        (("--rollback", "x", "--postgres-url", "URL"), 1, "has no migration x"),
        (("--sqlite-dir", "old", "--postgres-url", "URL", "--report", "no/such/folder.json"), 1, "cannot be written"),
    ],
)
def test_wrong_use_is_one_clear_sentence(
    env: dict[str, str], url: str, tmp_path: Path, arguments: tuple[Any, ...], code: int, words: str
) -> None:
    """Each mistake has its exit code and its sentence, never a traceback."""
    full_files(tmp_path / "old")
    given = [url if argument == "URL" else argument for argument in arguments]
    done = tg_parser(env, *MIGRATE, *given, cwd=tmp_path, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_password_is_shown_nowhere(env: dict[str, str], tmp_path: Path) -> None:
    """A server that does not answer is named without the password of its URL."""
    full_files(tmp_path / "old")
    secret = "postgresql://me:s3cret-marker@127.0.0.1:1/db"
    env = {**env, "RETRY_MAX_ATTEMPTS": "1"}
    done = tg_parser(env, *MIGRATE, "--sqlite-dir", "old", "--postgres-url", secret, cwd=tmp_path, code=1)
    assert "does not answer" in done.stderr
    assert "s3cret-marker" not in done.stderr + done.stdout


def test_rows_that_differ_end_with_exit_code_1(env: dict[str, str], url: str, tmp_path: Path) -> None:
    """Verification that fails is an error that names the keys."""
    full_files(tmp_path / "old")
    base = (*MIGRATE, "--sqlite-dir", "old", "--postgres-url", url)
    tg_parser(env, *base, cwd=tmp_path)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE raw_messages SET text = 'other' WHERE id = '2'")
    done = tg_parser(env, *base, "--resume", "--verify", cwd=tmp_path, code=1)
    assert f"raw.raw_messages: differ: tg:{CHANNEL}:post:2" in done.stderr


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the earlier version with 6,000 messages and documents, some of them odd."""
    files = LegacyFiles(tmp_path_factory.mktemp("many"))
    files.source()
    files.message(1)
    files.document(1)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
    ref = "'tg:' || channel_id || ':post:' || i"
    files.run(
        "raw_messages",
        f"INSERT INTO raw_messages {numbers} SELECT {ref}, i, message_type, channel_id,"
        " CASE WHEN i % 500 = 0 THEN 'never' ELSE date END,"
        " CASE WHEN i % 300 = 0 THEN 'nul' || char(0) ELSE 'text ' || i END,"
        " thread_id, parent_message_id, language, raw_payload_json, 0, NULL, inserted_at FROM raw_messages, n",
    )
    files.run(
        "processed_documents",
        f"INSERT INTO processed_documents {numbers} SELECT {ref}, 'doc:' || {ref}, i, channel_id, processed_at,"
        " text_clean, summary, topics_json, entities_json, language, metadata_json FROM processed_documents, n",
    )
    return files.folder


HELD = ("ingestion_state", "raw_messages", "processed_documents")
LEDGER = ("migration_quarantine", "migration_changes")


def held(url: str) -> list[str]:
    """A digest of every table that the migration filled, its quarantine and list of changes included."""
    rows = "SELECT md5(string_agg(md5((to_jsonb(t) - 'run_id')::text), '' ORDER BY to_jsonb(t)::text)) FROM {} AS t"
    plain = "SELECT md5(string_agg(md5(to_jsonb(t)::text), '' ORDER BY to_jsonb(t)::text)) FROM {} AS t"
    ledger = [
        value(url, rows.replace("ORDER BY to_jsonb(t)", "ORDER BY (to_jsonb(t) - 'run_id')").format(name))
        for name in LEDGER
    ]
    return [value(url, plain.format(name)) for name in HELD] + ledger


@pytest.fixture(scope="module")
def undisturbed(many: Path) -> Iterator[list[str]]:
    """What the target holds after a migration that nobody disturbed."""
    with fresh_postgres_database() as url:
        arguments = (*MIGRATE, "--sqlite-dir", many, "--postgres-url", url)
        tg_parser(process_environment({}), *arguments, cwd=many)
        yield held(url)


@pytest.mark.parametrize("batches", [0, 1, 6, 13, 20])
def test_killed_after_some_batches_it_is_finished_by_resume(
    env: dict[str, str], url: str, many: Path, undisturbed: list[str], batches: int, tmp_path: Path
) -> None:
    """SIGKILL once so many batches are in; --resume finishes, nothing is lost or doubled, and every row compares."""
    arguments = (*MIGRATE, "--sqlite-dir", many, "--postgres-url", url, "--batch-size", "500")
    process = begin(env, *arguments, cwd=tmp_path)
    wait_for_batches(url, batches, process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = tg_parser_json(env, *arguments, "--resume", "--verify", cwd=tmp_path)
    assert done["good"] is True
    assert held(url) == undisturbed


def wait_for_batches(url: str, count: int, process: WarmChild) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        there = value(url, "SELECT to_regclass('migration_batches') IS NOT NULL")
        if there and value(url, "SELECT count(*) FROM migration_batches") >= count:
            return


@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_it_still_ends_right(
    env: dict[str, str], url: str, many: Path, undisturbed: list[str], seed: int, tmp_path: Path
) -> None:
    """Three kills at random moments, the start and the schema included, then --resume: the same rows."""
    moments = random.Random(seed)
    arguments = (*MIGRATE, "--sqlite-dir", many, "--postgres-url", url, "--batch-size", "300", "--resume")
    for _ in range(3):
        process = begin(env, *arguments, cwd=tmp_path)
        try:
            process.wait(timeout=moments.uniform(0.5, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert tg_parser_json(env, *arguments, "--verify", cwd=tmp_path)["good"] is True
    assert held(url) == undisturbed


def test_ctrl_c_keeps_what_is_done(
    env: dict[str, str], url: str, many: Path, undisturbed: list[str], tmp_path: Path
) -> None:
    """SIGINT ends with exit code 130 and names --resume, which then finishes."""
    arguments = (*MIGRATE, "--sqlite-dir", many, "--postgres-url", url, "--batch-size", "100")
    process = begin(env, *arguments, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
    wait_for_batches(url, 5, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "continue with --resume" in errors
    assert "Traceback" not in errors
    tg_parser(env, *arguments, "--resume", "--verify", cwd=tmp_path)
    assert held(url) == undisturbed


def test_memory_stays_flat(env: dict[str, str], tmp_path: Path) -> None:
    """Four times the rows, each with a change to list, take no more memory, and less than 200 MB."""
    peaks = []
    for count in (5_000, 20_000):
        files = LegacyFiles(tmp_path / str(count))
        files.message(1, "текст\x00 " * 500, raw_payload_json=json.dumps({"text": "текст " * 100}))
        files.run(
            "raw_messages",
            "INSERT INTO raw_messages"
            f" WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
            " SELECT 'tg:' || channel_id || ':post:' || i, i, message_type, channel_id, date, text, thread_id,"
            " parent_message_id, language, raw_payload_json, 0, NULL, inserted_at FROM raw_messages, n",
        )
        with fresh_postgres_database() as url:
            arguments = [*MIGRATE, "--sqlite-dir", str(files.folder), "--postgres-url", url, "--verify"]
            measured = subprocess.run(
                [sys.executable, "-c", MEASURE, *arguments], env=env, capture_output=True, text=True, check=True
            )
        peaks.append(int(measured.stdout.splitlines()[-1]) / 1024)
    assert peaks[1] < peaks[0] + 8
    assert peaks[1] < 200


MEASURE = """
import re, sys
from pathlib import Path
from tg_parser.cli.app import app
app(sys.argv[1:], standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
