"""Logs are for people or machines, and never hold a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from pydantic import BaseModel
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from tg_parser.backup.thread import in_thread as of_backup
from tg_parser.config.logging import configure_logging, masked, tell_retry
from tg_parser.config.redaction import Redactor
from tg_parser.config.settings import LoggingSettings
from tg_parser.domain.errors import StorageUnavailableError
from tg_parser.storage.engine.threads import in_thread


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """What a test configures ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    set_on_retry_hooks(None)


def test_json_lines_mask_secrets_by_key_value_and_url(capsys: pytest.CaptureFixture[str]) -> None:
    """A secret is masked whether its key, its value or a URL would show it."""
    configure_logging(LoggingSettings(format="json"), ["hunter2"])
    structlog.get_logger("t").info("wrong hunter2 given", api_key="abc", url="postgresql://me:pw@host/db", n=1)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "wrong *** given"
    assert line["api_key"] == "***"
    assert line["url"] == "postgresql://me:***@host/db"
    assert line["n"] == 1
    assert line["level"] == "info"


def test_records_of_libraries_go_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """The standard library's loggers write the same format, masked alike, tracebacks included."""
    configure_logging(LoggingSettings(format="json"), ["hunter2"])
    try:
        raise ValueError("hunter2")
    except ValueError:
        logging.getLogger("library").exception("failed with hunter2")
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "failed with ***"
    assert "ValueError" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_level_is_respected(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the level nothing is written."""
    configure_logging(LoggingSettings(level="WARNING"))
    structlog.get_logger("t").info("quiet")
    assert capsys.readouterr().err == ""


def test_longer_secret_is_masked_before_a_shorter_one_in_it() -> None:
    """One secret inside another leaves no rest."""
    assert Redactor(["pass", "password1"]).text("password1") == "***"


def test_retry_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """What is tried again is one sentence for people; a driver's own error stays for debugging."""
    configure_logging(LoggingSettings())
    for error in (StorageUnavailableError("The server does not answer."), OSError("refused")):
        tell_retry(RetryDetails("call", (), {}, 1, wait_for=2.0, waited_so_far=0.0, caused_by=error))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "The server does not answer. Trying again in 2 s." in lines[0]


def test_requests_of_the_http_library_are_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A run of many pages does not fill the log with one line a page; its warnings are told."""
    configure_logging(LoggingSettings())
    logging.getLogger("httpx").info("HTTP Request: GET https://t.me/s/news")
    logging.getLogger("httpx").warning("odd answer")
    told = capsys.readouterr().err
    assert "HTTP Request" not in told
    assert "odd answer" in told


def test_text_beside_the_log_is_masked_alike() -> None:
    """An error that a command shows itself hides the same secrets."""
    configure_logging(LoggingSettings(), ["hunter2"])
    assert masked("refused hunter2 at postgresql://me:pw@host/db") == "refused *** at postgresql://me:***@host/db"
    configure_logging(LoggingSettings(), [])
    assert masked("refused hunter2") == "refused hunter2"


class Model(BaseModel):
    name: str
    api_key: str
    parts: list[str]


@dataclass
class Record:
    url: str
    password: str


class Silent:
    def __repr__(self) -> str:
        return "<client of hunter2>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"b": ["x hunter2", 1]}}, {"a": {"b": ["x ***", 1]}}),
        ({"headers": {"Authorization": "Bearer abc", "n": 1}}, {"headers": {"Authorization": "***", "n": 1}}),
        ({"api_key": ["abc", {"more": "def"}]}, {"api_key": ["***", {"more": "***"}]}),
        ({"hunter2": 1}, {"***": 1}),
        ({"input_tokens": 12, "session": None}, {"input_tokens": 12, "session": None}),
        (("a hunter2", b"hunter2"), ["a ***", "***"]),
        (ValueError("hunter2", 1), "ValueError('***', 1)"),
        (Model(name="hunter2", api_key="abc", parts=["x"]), {"name": "***", "api_key": "***", "parts": ["x"]}),
        (Record("https://me:pw@host/x", "abc"), {"url": "https://me:***@host/x", "password": "***"}),
        (Silent(), "<client of ***>"),
        ("https://host/?user=me&password=p%40ss&n=1", "https://host/?user=me&password=***&n=1"),
        ("tg://proxy?server=a&port=1&secret=ee00", "tg://proxy?server=a&port=1&secret=***"),
        ("socks5://me:p@ss:w/rd@host:1080", "socks5://me:***@host:1080"),
        (datetime(2024, 11, 27, tzinfo=UTC), datetime(2024, 11, 27, tzinfo=UTC)),
    ],
)
def test_secrets_are_masked_however_deep(value: Any, expected: Any) -> None:
    """Dicts, lists, models, dataclasses, exceptions, other objects, keys: nothing shows a secret, the rest stays."""
    assert Redactor(["hunter2"]).value(value) == expected


def test_what_leads_back_to_itself_ends() -> None:
    """A structure in a circle is cut, not followed for ever."""
    circle: dict[str, Any] = {"n": 1}
    circle["again"] = circle
    assert Redactor([]).value(circle)["again"]["again"]["n"] == 1


def test_nested_secrets_do_not_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Through structlog and through a library's logger, as JSON and as text."""
    for form in ("json", "text"):
        configure_logging(LoggingSettings(format=form), ["hunter2"])
        structlog.get_logger("t").info("sent", request={"headers": {"x-api-key": "abc-key"}, "body": ["hunter2"]})
        logging.getLogger("library").warning("tried %s", {"proxy": "socks5://me:s3cret@host"})
        told = capsys.readouterr().err
        assert "sent" in told
        assert "tried" in told
        for secret in ("hunter2", "abc-key", "s3cret"):
            assert secret not in told


async def test_what_runs_in_a_thread_keeps_the_ids(capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that works in a thread, and a backup, log with the ids of their job."""
    configure_logging(LoggingSettings(format="json"))
    log = structlog.get_logger("t")
    with structlog.contextvars.bound_contextvars(job_id="job-1"):
        await in_thread(log.info, "from a thread")
        await of_backup(lambda _: log.info("from a backup"))
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["job_id"]) for line in told] == [
        ("from a thread", "job-1"),
        ("from a backup", "job-1"),
    ]


def test_lines_of_libraries_are_objects_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Their arguments are in the sentence, what is bound is there, and secrets are masked."""
    configure_logging(LoggingSettings(format="json"), ["hunter2"])
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("uvicorn.error").warning("Invalid %s of %s", "request", "hunter2")
        logging.getLogger("procrastinate.worker").info("Starting job %s", "run_job", extra={"action": "start_job"})
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["request_id"]) for line in told] == [
        ("Invalid request of ***", "r-1"),
        ("Starting job run_job", "r-1"),
    ]
