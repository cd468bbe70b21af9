"""Topics as a user asks for them: a file of known topics, a model behind a real server, both backends."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from cli_process import begin, exported, tg_parser, tg_parser_json
from job_processes import until
from llm_servers import LlmServer, no_money
from llm_wire import Asked, Reply
from looking import first_row
from topic_model import reply
from topic_samples import DOLLAR, SNOW, ZOO

WANTED = """
topics:
  - title: Валюта
    description: Доллар и евро на бирже
    keywords: [доллар]
  - title: Пчеловодство
    keywords: [пасека, улей]
"""
MESSAGES = (*SNOW, *DOLLAR, *ZOO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an export of one channel and a file of known topics."""
    messages = [
        {
            "id": number,
            "type": "message",
            "date": f"2024-11-01T09:{number:02}:00",
            "date_unixtime": str(1730451600 + number),
            "from_id": "channel1000000777",
            "text": text,
            "text_entities": [{"type": "plain", "text": text}],
        }
        for number, text in enumerate(MESSAGES, 1)
    ]
    chat = {"name": "Город", "type": "public_channel", "id": 1000000777, "messages": messages}
    (tmp_path / "result.json").write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
    (tmp_path / "topics.yaml").write_text(WANTED, "utf-8")
    return tmp_path


def cards(folder: Path, name: str = "out") -> dict[str, dict[str, Any]]:
    return {card["title"]: card for card in json.loads((folder / name / "topics.json").read_text("utf-8"))}


def test_known_topics_in_one_run(sqlite_env: dict[str, str], folder: Path) -> None:
    """`run --known-topics` gives a bundle for the topic with messages, and says which one has none."""
    run = ("run", "--from-export", "result.json", "--known-topics", "topics.yaml", "--out")
    done = tg_parser_json(sqlite_env, *run, "out", cwd=folder)
    (found,) = done["topicize"].values()
    assert (found["found"]["known"], found["found"]["missing"]) == (1, ["Пчеловодство"])
    assert cards(folder)["Валюта"]["metadata"]["origin"] == "known"
    bundle = next(json.loads(path.read_text("utf-8")) for path in (folder / "out").glob("topic_*.json")
                  if "Валюта" in path.read_text("utf-8"))["bundle"]  # fmt: skip
    assert sorted(int(item["message_id"]) for item in bundle["items"]) == [5, 6, 7, 8]
    tg_parser(sqlite_env, *run, "again", cwd=folder)
    assert exported(folder / "again") == exported(folder / "out")
    said = tg_parser(
        {**sqlite_env, "KNOWN_TOPICS": "topics.yaml"}, "topicize", "--channel", "-1001000000777", cwd=folder
    )
    assert "not enough messages for: Пчеловодство" in said.stdout
    assert "unchanged" in said.stdout


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (None, 1, "cannot be read"),
        ("topics:\n  - titel: Валюта\n", 2, "topics.yaml, entry 1: "),
        ("topics: [", 2, "topics.yaml, line 1: this is not valid YAML"),
    ],
)
def test_a_wrong_file_of_topics_is_refused_before_anything_is_collected(
    sqlite_env: dict[str, str], folder: Path, text: str | None, code: int, told: str
) -> None:
    """One clear line with the form as a hint, 1 for no file and 2 for a wrong one, an empty database."""
    (folder / "topics.yaml").unlink()
    if text is not None:
        (folder / "topics.yaml").write_text(text, "utf-8")
    run = ("run", "--from-export", "result.json", "--known-topics", "topics.yaml")
    said = tg_parser(sqlite_env, *run, cwd=folder, code=code)
    assert told in said.stderr
    assert "Hint: Each topic is `- title: …`" in said.stderr
    assert tg_parser_json(sqlite_env, "status", cwd=folder)["sources"] == []


def test_a_model_names_the_topics_at_a_price(process_env: dict[str, str], folder: Path) -> None:
    """`topicize` asks once a topic and tells what that cost; its words are exported; a re-run asks nothing."""
    tg_parser(process_env, "run", "--from-export", "result.json", "--skip-export", "--provider", "local", cwd=folder)
    topicize = ("topicize", "--channel", "-1001000000777")
    with LlmServer(lambda asked: reply(asked.system, asked.user)) as server:
        env = {**process_env, **server.environment("openai"), "LLM_PRICE_INPUT": "1", "LLM_PRICE_OUTPUT": "5"}
        done = tg_parser_json(env, *topicize, cwd=folder)
        assert (done["editing"]["worded"], done["spending"]["calls"], len(server.requests)) == (3, 3, 3)
        assert done["spending"]["cost_usd"] == done["editing"]["cost_usd"] == pytest.approx(0.0006)
        assert "unchanged" in tg_parser(env, *topicize, cwd=folder).stdout
        again = tg_parser_json(env, *topicize, "--force", cwd=folder)
        assert (again["editing"]["cached"], again["spending"]["calls"], len(server.requests)) == (3, 0, 3)
        tg_parser(env, "export", "--channel", "-1001000000777", cwd=folder)
        assert sorted(cards(folder, "output")) == [
            "В Московском зоопарке родился", "Курс доллара превысил 107", "Первый снег выпал в"
        ]  # fmt: skip
        assert cards(folder, "output")["Первый снег выпал в"]["metadata"]["wording"]["prompt_name"] == "topic"


def test_an_exhausted_quota_ends_the_step_with_topics_as_without_a_model(
    sqlite_env: dict[str, str], folder: Path
) -> None:
    """One clear error, exit code 1; what the first answer was paid for is kept, and the next run pays for the rest."""
    tg_parser(sqlite_env, "run", "--from-export", "result.json", "--skip-export", "--provider", "local", cwd=folder)
    topicize = ("topicize", "--channel", "-1001000000777", "--force")
    with LlmServer(lambda asked: reply(asked.system, asked.user)) as server:
        env = {**sqlite_env, **server.environment("openai"), "PROCESSING_CONCURRENCY": "1"}
        server.plan = [lambda asked: reply(asked.system, asked.user), no_money()]
        said = tg_parser(env, *topicize, cwd=folder, code=1)
        assert said.stderr.count("Error:") == 1
        assert len(server.requests) == 2
        done = tg_parser_json(env, *topicize[:-1], cwd=folder)
        assert (done["editing"]["kept"], done["editing"]["worded"], len(server.requests)) == (1, 2, 4)


def test_a_killed_run_pays_for_no_question_about_events_twice(process_env: dict[str, str], folder: Path) -> None:
    """After SIGKILL the next run asks only what was not answered, and a forced run after it asks nothing."""
    read = ("run", "--from-export", "result.json", "--provider", "local", "--skip-topicize", "--skip-export")
    tg_parser(process_env, *read, cwd=folder)
    topicize, answered = ("topicize", "--channel", "-1001000000777"), list[str]()

    def answer(asked: Asked) -> Any:
        if len(answered) == 2 and process.poll() is None:
            return Reply(delay=60)
        answered.append(asked.user)
        return reply(asked.system, asked.user)

    with LlmServer(answer) as server:
        env = {**process_env, **server.environment("openai"), "TOPIC_JUDGE_EVENTS": "true"}
        process = begin({**env, "PROCESSING_CONCURRENCY": "1"}, *topicize, cwd=folder)
        while len(server.requests) < 3:
            assert process.poll() is None
            time.sleep(0.05)
        until(lambda: first_row(env, "SELECT 1 FROM llm_answers LIMIT 1 OFFSET 1"))
        process.kill()
        process.wait()
        assert len(answered) == 2
        tg_parser(env, *topicize, cwd=folder)
        assert len(answered) == len(set(answered)) > 3
        assert any("<<<FIRST 1 " in user for user in answered)
        tg_parser(env, *topicize, "--force", cwd=folder)
        assert len(answered) == len(set(answered))
