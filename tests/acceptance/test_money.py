"""Money as a user meets it: processes of tg-parser, a server that answers as a provider does, both backends."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_process import begin, tg_parser, tg_parser_json
from fresh_databases import settings_of
from llm_servers import LlmServer, Reply
from llm_wire import Asked
from model_readings import blocks, well_read

from tg_parser.domain.spending import Spending
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.llm_spending import SpendingStorage

A_CENT_A_CALL = {"LLM_PRICE_INPUT": "100", "LLM_PRICE_OUTPUT": "0"}
"""The server tells 100 tokens a call."""
TEXTS = [f"Сообщение номер {number} о погоде в городе." for number in range(1, 11)]


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(well_read) as running:
        yield running


@pytest.fixture
def paying(process_env: dict[str, str], server: LlmServer) -> dict[str, str]:
    """The environment of a process that asks the server, which costs a cent a call."""
    return {**process_env, **server.environment("ollama"), **A_CENT_A_CALL}


def export_of(folder: Path, chat_id: int, texts: list[str]) -> Path:
    """A Telegram Desktop export of one channel."""
    moments = [datetime(2024, 11, 27, 9, number, tzinfo=UTC) for number in range(len(texts))]
    messages = [
        {
            "id": number,
            "type": "message",
            "date": f"{moment:%Y-%m-%dT%H:%M:%S}",
            "date_unixtime": str(int(moment.timestamp())),
            "from": "c",
            "from_id": f"channel{chat_id}",
            "text": text,
            "text_entities": [{"type": "plain", "text": text}],
        }
        for number, (moment, text) in enumerate(zip(moments, texts, strict=True), 1)
    ]
    path = folder / f"{chat_id}" / "result.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"name": f"c{chat_id}", "type": "public_channel", "id": chat_id, "messages": messages}))
    return path


@pytest.fixture
def collected(paying: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Ten messages of one channel, collected."""
    tg_parser(paying, "ingest", "--from-export", export_of(tmp_path, 1001, TEXTS), cwd=tmp_path)
    return paying


def spending(env: dict[str, str]) -> tuple[int, int]:
    """The books of all runs: calls, and whole cents."""

    async def read() -> dict[str, Spending]:
        names = ("DB_TYPE", "DB_URL", "INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH")
        async with open_databases(settings_of({name: env[name] for name in names if name in env})) as databases:
            return await SpendingStorage(databases.processing).totals("stage")

    spent = asyncio.run(read()).get("processing")
    return (spent.calls, spent.cost_nanousd // 10_000_000) if spent else (0, 0)


def test_estimate_sends_nothing(collected: dict[str, str], server: LlmServer, tmp_path: Path) -> None:
    """Messages, calls, tokens and price are told, and no request leaves the machine."""
    found = tg_parser_json(collected, "process", "--all", "--estimate", cwd=tmp_path)
    assert (found["messages"], found["calls"]) == (10, 10)
    assert found["model"].startswith("ollama:qwen3:8b")
    assert found["cost_usd"] == pytest.approx(found["input_tokens"] * 100 / 1_000_000)
    assert server.requests == []


def test_capped_run_keeps_what_it_paid_for_and_goes_on(
    collected: dict[str, str], server: LlmServer, tmp_path: Path
) -> None:
    """At the cap the run ends with one clear error and an empty ledger; the next run pays for the rest alone."""
    done = tg_parser(collected, "process", "--all", "-c", "2", "--max-cost", "0.04", cwd=tmp_path, code=1)
    assert "of its limit of $0.0400 (--max-cost, LLM_MAX_COST)" in done.stderr
    assert "higher --max-cost" in done.stderr
    calls, cents = spending(collected)
    assert calls == cents == len(server.requests)
    assert 4 <= calls <= 5
    status = tg_parser_json(collected, "status", "--failures", cwd=tmp_path)
    assert (status["sources"][0]["documents"], status["failures"]) == (calls, [])
    tg_parser(collected, "process", "--all", cwd=tmp_path)
    assert spending(collected) == (10, 10)


def test_costs_tell_what_was_spent(collected: dict[str, str], tmp_path: Path) -> None:
    """`costs` shows calls, tokens and dollars by model, and this month against its budget."""
    budget = {**collected, "LLM_MONTHLY_BUDGET": "5"}
    tg_parser(budget, "process", "--all", cwd=tmp_path)
    report = tg_parser_json(budget, "costs", "--by", "model", cwd=tmp_path)
    (line,) = report["lines"]
    assert (line["label"], line["calls"], line["input_tokens"], line["cost_usd"]) == ("ollama:qwen3:8b", 10, 1000, 0.1)
    assert (report["month_usd"], report["month_budget_usd"]) == (0.1, 5)
    assert "$0.1000 of $5.0000 spent (LLM_MONTHLY_BUDGET)" in tg_parser(budget, "costs", cwd=tmp_path).stdout


def test_month_is_shared_by_processes(paying: dict[str, str], server: LlmServer, tmp_path: Path) -> None:
    """Two processes that spend at once stop together at what one month may cost, and a third does not begin."""
    server.answer = lambda asked: Reply(output=well_read(asked), delay=0.1)
    for chat in (1001, 1002):
        texts = [f"{text} Канал {chat}, выпуск {part}." for text in TEXTS for part in (1, 2)]
        tg_parser(paying, "ingest", "--from-export", export_of(tmp_path, chat, texts), cwd=tmp_path)
    capped = {**paying, "LLM_MONTHLY_BUDGET": "0.1"}

    def process(chat: int) -> subprocess.CompletedProcess[str]:
        return tg_parser(capped, "process", "--channel", str(-(10**12 + chat)), "-c", "2", cwd=tmp_path, code=1)

    with ThreadPoolExecutor() as at_once:
        done = list(at_once.map(process, (1001, 1002)))
    assert all("of this month's $0.1000 is spent (LLM_MONTHLY_BUDGET)" in each.stderr for each in done)
    calls, cents = spending(paying)
    assert calls == cents == len(server.requests)
    # Ten fit. Beyond them: the calls that run when the tenth is booked, and those of the second between two looks.
    assert 10 <= calls <= 20
    process(1001)
    assert len(server.requests) == calls


def test_unknown_price_with_a_cap_sends_nothing(collected: dict[str, str], server: LlmServer, tmp_path: Path) -> None:
    """Where nobody knows the price a cap is refused with a hint, unless the user allows it; the cost then is null."""
    unpriced = {name: value for name, value in collected.items() if name not in A_CENT_A_CALL}
    done = tg_parser(unpriced, "process", "--all", "--max-cost", "1", cwd=tmp_path, code=1)
    assert "The price of ollama:qwen3:8b is unknown" in done.stderr
    assert "LLM_ALLOW_UNKNOWN_PRICE=true" in done.stderr
    assert server.requests == []
    allowed = {**unpriced, "LLM_ALLOW_UNKNOWN_PRICE": "true"}
    report = tg_parser_json(allowed, "process", "--all", "--max-cost", "1", cwd=tmp_path)
    assert (report["processed"], report["spending"]["calls"], report["spending"]["cost_usd"]) == (10, 10, None)


def test_work_done_again_is_not_paid_again(collected: dict[str, str], server: LlmServer, tmp_path: Path) -> None:
    """`--force` makes every document anew from the answers that are kept; `--no-cache` asks again."""
    tg_parser(collected, "process", "--all", cwd=tmp_path)
    again = tg_parser_json(collected, "process", "--all", "--force", cwd=tmp_path)
    assert (again["processed"], again["spending"]["calls"], again["spending"]["cached_answers"]) == (10, 0, 10)
    assert len(server.requests) == 10
    fresh = tg_parser_json(collected, "process", "--all", "--force", "--no-cache", cwd=tmp_path)
    assert (fresh["spending"]["calls"], len(server.requests)) == (10, 20)


def test_killed_process_does_not_pay_twice(collected: dict[str, str], server: LlmServer, tmp_path: Path) -> None:
    """Killed with SIGKILL after an answer whose documents wait for another one, the next run finds it in the cache."""
    waiting, released = threading.Event(), threading.Event()

    def shared_but_one(asked: Asked) -> dict[str, Any]:
        if all(number == 0 for label, number, _ in blocks(asked) if label == "MESSAGE"):
            waiting.set()
            released.wait(60)
            return well_read(asked)
        return {"messages": [each for each in well_read(asked)["messages"] if each["number"] != 3]}

    server.answer = shared_but_one
    env = {**collected, "LLM_BATCH_SIZE": "10"}
    process = begin(env, "process", "--all", cwd=tmp_path)
    assert waiting.wait(60)
    while spending(env) == (0, 0):
        assert process.poll() is None
    process.kill()
    process.wait()
    released.set()
    assert tg_parser_json(env, "status", cwd=tmp_path)["sources"][0]["documents"] == 0
    report = tg_parser_json(env, "process", "--all", cwd=tmp_path)
    assert (report["processed"], report["spending"]["calls"], report["spending"]["cached_answers"]) == (10, 1, 1)
    assert len(server.requests) == 3
