"""Commands with --detach leave their work to a worker, and `jobs` tells what became of it, on both backends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import exported, tg_parser, tg_parser_json
from fresh_databases import settings_of
from job_processes import asked, shown, until, watched, worker
from looking import first_row
from test_result_contracts import faults
from web_pages import NAME, PreviewServer, Reply, landing, serving

from tg_parser.domain.jobs import Job
from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.jobs import JobStorage


@pytest.fixture
def channel() -> PreviewServer:
    return PreviewServer(range(1, 31))


@pytest.fixture
def env(process_env: dict[str, str], channel: PreviewServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    with serving(channel) as address:
        yield {
            **process_env,
            "WEB_PREVIEW_URL": address,
            "WEB_PREVIEW_PAUSE": "0",
            "EXPORTS_DIR": str(tmp_path / "exports"),
        }


@pytest.fixture
def source(env: dict[str, str], tmp_path: Path) -> str:
    """A source that is known, of which nothing is collected."""
    tg_parser(env, "add-source", "--source-id", NAME, "--via", "web", cwd=tmp_path)
    return NAME


def test_each_step_is_done_by_a_worker(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """Collected, processed, topicised and exported by another process, with the results of the commands themselves."""
    with worker(env, tmp_path):
        collected = watched(env, tmp_path, asked(env, tmp_path, "ingest", "--source", source))
        assert collected["result"]["sources"][0]["counts"]["new"] == 30
        processed = watched(env, tmp_path, asked(env, tmp_path, "process", "--source", source, "--provider", "local"))
        assert (processed["result"]["processed"], processed["parameters"]) == (
            30,
            {"source": source, "provider": "local"},
        )
        assert (processed["progress"]["step"], processed["progress"]["done"]) == ("process", 30)
        grouped = watched(env, tmp_path, asked(env, tmp_path, "topicize", "--channel", f"@{source}"))
        assert grouped["result"]["unchanged"] is False
        written = watched(env, tmp_path, asked(env, tmp_path, "export", "--source", source, "--pretty"))
    assert faults("jobs watch", written) == []
    tg_parser(env, "export", "--source", source, "--pretty", "--out", "here", cwd=tmp_path)
    assert exported(tmp_path / "exports" / written["job_id"]) == exported(tmp_path / "here")
    again = tg_parser_json(env, "process", "--source", source, "--dry-run", cwd=tmp_path)
    assert again["waiting"] == 0


def test_a_whole_run_is_done_by_a_worker(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """`run @name --detach` is one job; steps that were left out are left out, and its files are in its folder."""
    with worker(env, tmp_path):
        first = watched(env, tmp_path, asked(env, tmp_path, "run", f"@{source}", "--skip-export", "--limit", "10"))
        assert (first["result"]["ingest"][0]["counts"]["new"], first["result"]["export"]) == (10, None)
        second = watched(env, tmp_path, asked(env, tmp_path, "run", "--source", source, "--max-topics", "3"))
    folder = tmp_path / "exports" / second["job_id"]
    assert second["result"]["process"]["processed"] == 20
    assert len((folder / "kb_entries.ndjson").read_text("utf-8").splitlines()) >= 30


def test_all_is_a_job_for_every_source(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """Those that are not paused; of an export there is one for all of them together."""
    for name in ("second_one", "third_one"):
        tg_parser(env, "add-source", "--source-id", name, "--via", "web", cwd=tmp_path)
    tg_parser(env, "sources", "pause", "third_one", cwd=tmp_path)
    made = tg_parser_json(env, "ingest", "--all", "--detach", cwd=tmp_path)["jobs"]
    assert [each["parameters"] for each in made] == [{"source": source}, {"source": "second_one"}]
    everything = tg_parser_json(env, "export", "--all", "--from", "2024-09", "--detach", cwd=tmp_path)
    assert everything["parameters"] == {"date_from": "2024-09-01T00:00:00Z"}


def test_the_same_work_waits_once_and_people_are_told_how_to_watch(
    env: dict[str, str], source: str, tmp_path: Path
) -> None:
    """stdout is the id alone, stderr the command that follows it; asked for twice, it is one job."""
    first = tg_parser(env, "ingest", "--source", source, "--detach", cwd=tmp_path)
    job = first.stdout.strip()
    assert f"tg-parser jobs watch {job}" in first.stderr
    assert tg_parser(env, "ingest", "--source", source, "--detach", cwd=tmp_path).stdout.strip() == job
    assert shown(env, tmp_path, job)["state"] == "queued"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("run", "--source", NAME, "--out", "files"), "--out"),
        (("run", "./result.json"), "--from-export"),
        (("run", "--source", NAME, "--recheck", "10"), "--recheck"),
        (("ingest", "--source", NAME, "--reread"), "--reread"),
        (("ingest", "--source", NAME, "--recheck", "10", "--limit", "5"), "--limit"),
        (("process", "--source", NAME, "--estimate"), "--estimate"),
        (("process", "--source", NAME, "--dry-run"), "--dry-run"),
        (("topicize", "--source", NAME, "--known-topics", "topics.yaml"), "--known-topics"),
        (("topicize", "--source", NAME, "--no-bundles"), "--no-bundles"),
        (("topicize", "--source", NAME, "--rebuild"), "--rebuild"),
        (("export", "--source", NAME, "--replace"), "--replace"),
        (("topicize", "--source", NAME, "--source", "other"), "exactly one"),
        (("process",), "exactly one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_a_worker_cannot_take_is_refused_by_name(
    arguments: tuple[str, ...], named: str, sqlite_env: dict[str, str], tmp_path: Path
) -> None:
    """Wrong usage names the option, and nothing waits."""
    tg_parser(sqlite_env, "add-source", "--source-id", NAME, "--via", "web", cwd=tmp_path)
    refused = tg_parser(sqlite_env, *arguments, "--detach", cwd=tmp_path, code=2)
    assert named in refused.stderr.splitlines()[-2]
    assert "--detach" in refused.stderr
    tg_parser(sqlite_env, "jobs", "list", cwd=tmp_path, code=4)


def test_a_chat_that_is_no_source_is_an_error(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """A worker collects sources; the error says which there are, and nothing waits."""
    refused = tg_parser(env, "run", "@nobody_knows", "--detach", cwd=tmp_path, code=1)
    assert "No source collects the chat '@nobody_knows'" in refused.stderr
    tg_parser(env, "jobs", "list", cwd=tmp_path, code=4)


def test_an_export_of_a_topic_that_there_is_not_is_an_error(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """It is told before a worker writes nothing, and nothing waits."""
    wanted = ("export", "--source", source, "--topic-id", "topic:nobody", "--detach")
    assert "There is no topic 'topic:nobody'." in tg_parser(env, *wanted, cwd=tmp_path, code=1).stderr
    tg_parser(env, "jobs", "list", cwd=tmp_path, code=4)


def test_jobs_are_shown_cancelled_and_tried_again(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """Every command of `jobs` with its exit codes, where no worker is there."""
    job = asked(env, tmp_path, "ingest", "--source", source)
    assert job in tg_parser(env, "jobs", "list", "--state", "queued", "--kind", "ingest", cwd=tmp_path).stdout
    tg_parser(env, "jobs", "list", "--state", "failed", cwd=tmp_path, code=4)
    tg_parser(env, "jobs", "list", "--state", "bad", cwd=tmp_path, code=2)
    tg_parser(env, "jobs", "list", "--kind", "bad", cwd=tmp_path, code=2)
    for verb in ("show", "cancel", "retry", "watch"):
        unknown = tg_parser(env, "jobs", verb, "nothing", cwd=tmp_path, code=1)
        assert "tg-parser jobs list" in unknown.stderr
    tg_parser(env, "jobs", "retry", job, cwd=tmp_path, code=1)
    assert "cancelled" in tg_parser(env, "jobs", "cancel", job, cwd=tmp_path).stdout
    tg_parser(env, "jobs", "cancel", job, cwd=tmp_path, code=1)
    assert watched(env, tmp_path, job, code=1)["state"] == "cancelled"
    again = tg_parser_json(env, "jobs", "retry", job, cwd=tmp_path)
    assert (again["state"], again["parameters"]) == ("queued", {"source": source})
    assert again["job_id"] != job


def test_a_job_that_fails_ends_its_watcher_with_its_error(
    env: dict[str, str], source: str, channel: PreviewServer, tmp_path: Path
) -> None:
    """The words and the hint that the command itself would have had, on stderr, and exit code 1."""
    channel.pages[f"/s/{NAME}"] = Reply(landing(title="G", extra="9 767 members, 1 295 online"))
    here = tg_parser(env, "ingest", "--source", source, cwd=tmp_path, code=1)
    with worker(env, tmp_path):
        job = asked(env, tmp_path, "ingest", "--source", source)
        there = tg_parser(env, "jobs", "watch", job, cwd=tmp_path, code=1)
    told = [line for line in here.stderr.splitlines() if line.startswith(("Error:", "Hint:"))]
    assert told == [line for line in there.stderr.splitlines() if line.startswith(("Error:", "Hint:"))]
    assert len(told) == 2


def test_an_export_of_nothing_ends_its_watcher_as_empty(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """Exit code 4, as the command itself has it."""
    with worker(env, tmp_path):
        job = asked(env, tmp_path, "export", "--source", source)
        assert watched(env, tmp_path, job, code=4)["state"] == "done"


@pytest.mark.parametrize("result", [{"failed": 2, "processed": 1}, {"process": {"failed": 2}, "export": None}])
def test_failed_messages_are_told_by_the_exit_code(
    result: dict[str, Any], env: dict[str, str], tmp_path: Path, database_environment: dict[str, str]
) -> None:
    """A job of processing, or of a whole run, in which messages failed: 3."""

    async def kept() -> None:
        async with open_databases(settings_of(database_environment), prepare=False) as databases:
            storage, now = JobStorage(databases.processing), utc_now()
            await storage.add(Job("one", "process", now, now))
            await storage.finish(await storage.begin("w", now, kinds=["process"]), "done", now, result=result)

    asyncio.run(kept())
    assert watched(env, tmp_path, "one", code=3)["result"] == result


def test_a_worker_does_only_the_kinds_it_was_started_for(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """With --queues export a job of collecting goes on waiting; an unknown kind is wrong usage."""
    tg_parser(env, "worker", "--queues", "ingest,nonsense", cwd=tmp_path, code=2)
    waiting = asked(env, tmp_path, "ingest", "--source", source)
    with worker(env, tmp_path, "--queues", "export"):
        watched(env, tmp_path, asked(env, tmp_path, "export", "--source", source), code=4)
        assert shown(env, tmp_path, waiting)["state"] == "queued"


def test_one_line_of_a_worker_is_one_object_for_machines(env: dict[str, str], tmp_path: Path) -> None:
    """With LOG_FORMAT=json everything that a worker says is JSON, the queue of PostgreSQL included."""
    with worker({**env, "LOG_FORMAT": "json"}, tmp_path):
        tg_parser(env, "sources", "list", "--json", cwd=tmp_path)
        job = tg_parser_json(env, "export", "--all", "--detach", cwd=tmp_path)["job_id"]
        watched(env, tmp_path, job, code=4)
    lines = (tmp_path / "worker.log").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert any(each.get("job_id") == job for each in told)


def test_a_worker_keeps_the_schedule(env: dict[str, str], source: str, tmp_path: Path) -> None:
    """With SCHEDULER_ENABLED a source is collected and processed without anybody asking, and `schedule` tells of it."""
    scheduled = {**env, "SCHEDULER_ENABLED": "true", "SCHEDULER_STEPS": "process", "BACKUP_SCHEDULE": "0 4 * * *"}
    before = tg_parser_json(env, "schedule", cwd=tmp_path)
    assert (before["enabled"], [each["last_at"] for each in before["entries"]]) == (False, [None, None])
    assert "SCHEDULER_ENABLED is not set" in tg_parser(env, "schedule", cwd=tmp_path).stderr
    with worker(scheduled, tmp_path):
        until(lambda: first_row(env, "SELECT 1 FROM jobs"))
        (job,) = tg_parser_json(env, "jobs", "list", cwd=tmp_path)["jobs"]
        done = watched(env, tmp_path, job["job_id"])
    assert (done["asked_by"], done["result"]["process"]["processed"]) == ("scheduler", 30)
    shown = {each["name"]: each for each in tg_parser_json(scheduled, "schedule", cwd=tmp_path)["entries"]}
    assert set(shown) == {"source:news_channel", "cleanup", "backup"}
    assert shown["source:news_channel"]["last_job"] == job["job_id"]
    assert all(each["last_at"] < each["next_at"] for each in shown.values())


def test_a_schedule_that_cannot_be_read_is_refused(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """A wrong cron expression is a wrong setting, told before anything begins."""
    refused = tg_parser({**sqlite_env, "BACKUP_SCHEDULE": "at noon"}, "worker", cwd=tmp_path, code=2)
    assert "BACKUP_SCHEDULE" in refused.stderr
    assert "not a cron expression with five fields" in refused.stderr
