"""The main job as a user runs it: a process, a file, a folder with the result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from cli_process import SECONDS, begin, command, exported, small_export, tg_parser, tg_parser_json
from job_processes import until
from knowledge_bases import MESSAGES_A_CHAT, KnowledgeBase, knowledge_base
from looking import first_row


@pytest.fixture
def database_environment(empty_environment: dict[str, str]) -> dict[str, str]:
    """The main job begins with nothing at all."""
    return empty_environment


@pytest.fixture
def knowledge(backend: str, tmp_path: Path) -> Iterator[KnowledgeBase]:
    """What `run --from-export` makes of the bundled sample."""
    with knowledge_base(backend, tmp_path) as made:
        yield made


def test_one_command_turns_an_export_into_a_knowledge_base(knowledge: KnowledgeBase) -> None:
    """`run --from-export` registers the chats, makes a document of every message and exports entries with links."""
    done = knowledge.done
    seen = sum(chat["counts"]["seen"] for chat in done["ingest"])
    assert done["process"]["processed"] == seen == 136
    entries = [json.loads(line) for line in (knowledge.out / "kb_entries.ndjson").read_text("utf-8").splitlines()]
    messages = [entry for entry in entries if entry["source"]["type"] == "telegram_message"]
    topics = [entry for entry in entries if entry["source"]["type"] == "topic"]
    assert len(messages) == done["export"]["message_entries"]
    assert len(topics) == done["export"]["topics"] == len(topic_ids(knowledge.out))
    assert [entry["id"] for entry in entries] == sorted(entry["id"] for entry in entries)
    linked = [entry for entry in messages if entry["source"]["channel_id"].startswith("-100")]
    assert len(linked) == 68
    assert all(entry["source"]["link"].startswith("https://t.me/c/10") for entry in linked)


def test_second_run_adds_nothing(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    """Run twice, the databases and the files are what they were."""
    before = tg_parser_json(knowledge.env, "status", cwd=tmp_path)
    again = tg_parser_json(knowledge.env, "run", "--from-export", knowledge.export, "--out", "second", cwd=tmp_path)
    assert [chat["counts"]["new"] for chat in again["ingest"]] == [0] * len(again["ingest"])
    assert again["process"]["waiting"] == 0
    assert all(topics["unchanged"] for topics in again["topicize"].values())
    assert (knowledge.out / "kb_entries.ndjson").read_bytes() == (tmp_path / "second/kb_entries.ndjson").read_bytes()
    assert exported(knowledge.out) == exported(tmp_path / "second")
    after = tg_parser_json(knowledge.env, "status", cwd=tmp_path)
    assert [without_times(source) for source in after["sources"]] == [
        without_times(source) for source in before["sources"]
    ]


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    source = {name: value for name, value in report["source"].items() if not name.endswith("_at")}
    return {**report, "source": source}


@pytest.mark.postgres
def test_both_backends_export_the_same_bytes(tmp_path: Path) -> None:
    """SQLite and PostgreSQL give the same files, times aside."""
    with knowledge_base("sqlite", tmp_path) as lite, knowledge_base("postgresql", tmp_path) as server:
        assert lite.out != server.out
        assert exported(lite.out) == exported(server.out)


def test_new_messages_join_and_topics_keep_their_ids(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    """A newer export of the same chats adds what is new; topics that live on keep their ids."""
    later = small_export(tmp_path, MESSAGES_A_CHAT + 6)
    done = tg_parser_json(knowledge.env, "run", "--from-export", later, "--out", "second", cwd=tmp_path)
    assert max(chat["counts"]["new"] for chat in done["ingest"]) == 6
    before, after = topic_ids(knowledge.out), topic_ids(tmp_path / "second")
    assert len(before) >= 5
    assert len(before & after) >= 0.8 * len(before)


def topic_ids(folder: Path) -> set[str]:
    return {card["id"] for card in json.loads((folder / "topics.json").read_text("utf-8"))}


def test_steps_alone_do_what_run_does(process_env: dict[str, str], backend: str, tmp_path: Path) -> None:
    """ingest, process, topicize and export one after the other end with the files of run."""
    with knowledge_base(backend, tmp_path / "whole") as whole:
        tg_parser(process_env, "ingest", "--from-export", whole.export, cwd=tmp_path)
        tg_parser(process_env, "process", "--all", cwd=tmp_path)
        for source in tg_parser_json(process_env, "sources", "list", cwd=tmp_path)["sources"]:
            tg_parser(process_env, "topicize", "--source", source["source_id"], cwd=tmp_path)
        tg_parser(process_env, "export", "--all", "--out", "steps", cwd=tmp_path)
        assert exported(tmp_path / "steps") == exported(whole.out)


def test_ctrl_c_stops_cleanly_and_keeps_what_is_done(process_env: dict[str, str], tmp_path: Path) -> None:
    """SIGINT ends the run with exit code 130 and one sentence; finished documents are kept, the others waiting."""
    export = write_many(tmp_path, 900, sentences=2)
    process = begin(process_env, "run", "--from-export", export, "--out", "out", cwd=tmp_path, stderr=PIPE)
    wait_for_documents(process_env)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "Stopped. Finished work is kept" in errors
    assert "Traceback" not in errors
    (source,) = tg_parser_json(process_env, "status", cwd=tmp_path)["sources"]
    assert 0 < source["documents"] < 900
    assert source["documents"] + source["waiting"] == source["messages"]["posts"] == 900


def test_ctrl_c_ends_worker_processes_in_order(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """SIGINT to the whole group, as a terminal sends it: exit code 130, no worker left, and each message has one
    document or is still waiting."""
    export, env = write_many(tmp_path, 1000, sentences=1), {**sqlite_env, "PROCESSING_WORKERS": "2"}
    called = command("run", "--from-export", export, "--out", "out")
    process = subprocess.Popen(called, env=env, cwd=tmp_path, stderr=PIPE, text=True, start_new_session=True)
    wait_for_documents(env)
    workers = group(process.pid) - {process.pid}
    assert len(workers) >= 2
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)  # ends when nobody holds the other end of stderr
    assert (process.returncode, "Traceback" in errors) == (130, False)
    assert errors.count("Stopped. Finished work is kept") == 1
    deadline = time.monotonic() + 5
    while group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert group(process.pid) == set()
    (source,) = tg_parser_json(env, "status", cwd=tmp_path)["sources"]
    assert 0 < source["documents"] < 1000
    assert source["documents"] + source["waiting"] == source["messages"]["posts"] == 1000
    done = tg_parser_json(sqlite_env, "process", "--all", cwd=tmp_path)
    assert (done["processed"], done["failed"]) == (source["waiting"], 0)


def group(leader: int) -> set[int]:
    """The processes of a group."""
    found = set()
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with suppress(ProcessLookupError):
            found |= {pid} if os.getpgid(pid) == leader else set()
    return found


def write_many(folder: Path, count: int, sentences: int = 6) -> Path:
    text = "Учёные рассказали о новой ракете номер {}. Запуск намечен на осень, сообщает агентство. " * sentences
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(1_700_000_000 + number),
            "text": text.format(*[number] * sentences),
        }
        for number in range(1, count + 1)
    ]
    path = folder / "many.json"
    chat = {"name": "Many", "type": "public_channel", "id": 1234567890, "messages": messages}
    path.write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
    return path


def wait_for_documents(env: dict[str, str]) -> None:
    """Return when the running job has stored its first documents."""
    until(lambda: first_row(env, "SELECT 1 FROM processed_documents"), SECONDS, pause=0.02)


def test_processes_that_start_together_make_the_schema_once(process_env: dict[str, str], tmp_path: Path) -> None:
    """Several first commands at the same moment on empty databases all succeed."""
    started = [begin(process_env, "status", "--json", cwd=tmp_path, stdout=PIPE, stderr=PIPE) for _ in range(5)]
    ended = [(process.communicate(timeout=SECONDS), process.returncode) for process in started]
    assert [(json.loads(output)["sources"], errors, code) for (output, errors), code in ended] == [([], "", 0)] * 5
