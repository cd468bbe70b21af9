"""The agents by processes: the main job by a plan, a model that lies, a run that is killed, and what is left to see."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cli_process import begin, exported, small_export, tg_parser, tg_parser_json
from llm_servers import SECRET, LlmServer, Reply
from llm_wire import Asked

LIE = "Министерство обороны опровергло слухи вчера вечером."
HABR = "-1001032086354"
_MESSAGE = re.compile(r"<<<MESSAGE (\w+)\n(.*)\nMESSAGE \1>>>", re.DOTALL)


def lying_once(asked: Asked) -> dict[str, Any]:
    """Adds a sentence to long texts, which no guard notices, until told not to; as a reviewer it finds nothing."""
    if "findings" in asked.schema["properties"]:
        return {"findings": []}
    text = _MESSAGE.search(asked.user)[2]
    lies = len(text) > 600 and "REMARKS" not in asked.user
    return {
        "text_clean": f"{text}\n{LIE}" if lies else text,
        "summary": None,
        "topics": [],
        "entities": [],
        "language": None,
        "sentiment": {"label": "neutral", "score": 0.9},
        "is_noise": False,
    }


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_export(tmp_path_factory.mktemp("export"), 4)


def test_agents_do_the_main_job(sqlite_env: dict[str, str], export: Path, tmp_path: Path) -> None:
    """The files of the plain way; every step, task and handoff is there to be looked at; old ones go into archives."""
    env = {**sqlite_env, "AGENT_ARCHIVE_DIR": "archive"}
    ran = tg_parser_json(env, "run", "--from-export", export, "--out", "agents", "--multi-agent", cwd=tmp_path)
    assert list(ran["agents"]) == ["ingest", "process", "topicize", "curate", "export", "quality"]
    routed = ran["agents"]["process"]["routed"]
    assert routed["simple"] + routed["deep"] == ran["process"]["processed"] == 16
    tg_parser(env, "run", "--from-export", export, "--out", "plain", cwd=tmp_path)
    assert exported(tmp_path / "agents") == exported(tmp_path / "plain")
    agents = {
        each["card"]["name"]: each["tasks"] for each in tg_parser_json(env, "agents", "list", cwd=tmp_path)["agents"]
    }
    assert (agents["simple-reader"], agents["deep-reader"]) == (routed["simple"], routed["deep"])
    handoffs = tg_parser_json(env, "agents", "handoffs", cwd=tmp_path)["handoffs"]
    assert Counter(each["status"] for each in handoffs) == {"completed": 6}
    status = tg_parser_json(env, "agents", "status", "simple-reader", cwd=tmp_path)
    assert [day["tasks"] for day in status["days"]] == [routed["simple"]]
    history = tg_parser_json(env, "agents", "history", "simple-reader", "--limit", "5", cwd=tmp_path)["tasks"]
    assert {task["input"]["route"] for task in history} == {"simple"}
    assert "no agent 'nobody'" in tg_parser(env, "agents", "status", "nobody", cwd=tmp_path, code=1).stderr
    assert tg_parser_json(env, "agents", "cleanup", cwd=tmp_path)["made"] == []
    assert tg_parser_json(env, "agents", "archives", "--check", cwd=tmp_path) == {"archives": []}


def test_model_that_lies_is_corrected(sqlite_env: dict[str, str], export: Path, tmp_path: Path) -> None:
    """What nobody wrote is in no document, what both answers cost is, and no secret is in the history."""
    with LlmServer(lying_once) as server:
        env = {**sqlite_env, **server.environment("openai")}
        tg_parser(env, "ingest", "--from-export", export, cwd=tmp_path)
        done = tg_parser_json(env, "process", "--all", "--multi-agent", cwd=tmp_path)
    review, routed = done["agents"]["process"]["review"], done["agents"]["process"]["routed"]
    assert (done["failed"], review["corrected"]) == (0, review["sent_back"])
    assert 0 < review["corrected"] <= routed["deep"]
    tg_parser(env, "export", "--channel", HABR, "--out", "out", cwd=tmp_path)
    assert LIE not in (tmp_path / "out" / "kb_entries.ndjson").read_text("utf-8")
    back = tg_parser_json(env, "agents", "handoffs", "--agent", "reviewer", "--limit", "999", cwd=tmp_path)["handoffs"]
    assert (len(back), {each["status"] for each in back}) == (review["sent_back"], {"completed"})
    told = tg_parser(env, "agents", "history", "deep-reader", "--limit", "999", "--json", cwd=tmp_path).stdout
    assert SECRET not in told


def test_killed_run_leaves_no_handoff_open(sqlite_env: dict[str, str], export: Path, tmp_path: Path) -> None:
    """Killed while it processes; the next run says so, takes up the work, and no handoff stays in progress."""
    with LlmServer(lambda asked: Reply(delay=60)) as server:
        env = {**sqlite_env, **server.environment("openai")}
        tg_parser(env, "ingest", "--from-export", export, cwd=tmp_path)
        process = begin(env, "process", "--all", "--multi-agent", cwd=tmp_path)
        while not server.requests:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
    done = tg_parser_json(sqlite_env, "process", "--all", "--multi-agent", cwd=tmp_path)
    assert done["failed"] == 0
    handoffs = tg_parser_json(sqlite_env, "agents", "handoffs", cwd=tmp_path)["handoffs"]
    assert Counter((each["task_type"], each["status"]) for each in handoffs) == {
        ("process", "completed"): 1, ("quality", "completed"): 1, ("process", "failed"): 1, ("quality", "failed"): 1,
    }  # fmt: skip
    assert {each["error"] for each in handoffs if each["status"] == "failed"} == {
        "The process that held it ended before it was done; the next run took up what was left."
    }
