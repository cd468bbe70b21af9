"""Logs are for people or machines, and never hold a secret."""

import json
import logging

import pytest
import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from tg_parser.config.logging import Redactor, configure_logging, masked, tell_retry
from tg_parser.config.settings import LoggingSettings
from tg_parser.domain.errors import StorageUnavailableError


@pytest.fixture(autouse=True)
def restored_logging():
    """What a test configures ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    set_on_retry_hooks(None)


def test_json_lines_mask_secrets_by_key_value_and_url(capsys):
    """A secret is masked whether its key, its value or a URL would show it."""
    configure_logging(LoggingSettings(format="json"), ["hunter2"])
    structlog.get_logger("t").info("wrong hunter2 given", api_key="abc", url="postgresql://me:pw@host/db", n=1)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "wrong *** given"
    assert line["api_key"] == "***"
    assert line["url"] == "postgresql://me:***@host/db"
    assert line["n"] == 1
    assert line["level"] == "info"


def test_records_of_libraries_go_the_same_way(capsys):
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


def test_level_is_respected(capsys):
    """Below the level nothing is written."""
    configure_logging(LoggingSettings(level="WARNING"))
    structlog.get_logger("t").info("quiet")
    assert capsys.readouterr().err == ""


def test_longer_secret_is_masked_before_a_shorter_one_in_it():
    """One secret inside another leaves no rest."""
    assert Redactor(["pass", "password1"]).text("password1") == "***"


def test_retry_is_told_in_words(capsys):
    """What is tried again is one sentence for people; a driver's own error stays for debugging."""
    configure_logging(LoggingSettings())
    for error in (StorageUnavailableError("The server does not answer."), OSError("refused")):
        tell_retry(RetryDetails("call", (), {}, 1, wait_for=2.0, waited_so_far=0.0, caused_by=error))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "The server does not answer. Trying again in 2 s." in lines[0]


def test_requests_of_the_http_library_are_not_told_of(capsys):
    """A run of many pages does not fill the log with one line a page; its warnings are told."""
    configure_logging(LoggingSettings())
    logging.getLogger("httpx").info("HTTP Request: GET https://t.me/s/news")
    logging.getLogger("httpx").warning("odd answer")
    told = capsys.readouterr().err
    assert "HTTP Request" not in told
    assert "odd answer" in told


def test_text_beside_the_log_is_masked_alike():
    """An error that a command shows itself hides the same secrets."""
    configure_logging(LoggingSettings(), ["hunter2"])
    assert masked("refused hunter2 at postgresql://me:pw@host/db") == "refused *** at postgresql://me:***@host/db"
    configure_logging(LoggingSettings(), [])
    assert masked("refused hunter2") == "refused hunter2"
