"""The same kind of error ends with the same exit code, whichever command meets it, in one line with a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_process import small_export, tg_parser

UNKNOWN = [
    ("sources", "show", "nobody"),
    ("sources", "pause", "nobody"),
    ("sources", "resume", "nobody"),
    ("sources", "rename", "nobody", "new"),
    ("sources", "remove", "nobody", "--yes"),
    ("ingest", "--source", "nobody"),
    ("process", "--source", "nobody"),
    ("process", "--source", "nobody", "--estimate"),
    ("topicize", "--source", "nobody"),
    ("export", "--source", "nobody"),
    ("run", "--source", "nobody"),
    ("status", "--source", "nobody"),
    ("sentiment", "--source", "nobody"),
    ("entries", "--source", "nobody"),
    ("topics", "list", "--source", "nobody"),
    ("topics", "show", "topic:tg:-1001:post:1"),
    ("messages", "show", "tg:-1001:post:1"),
    ("messages", "show", "https://t.me/nobody_here/1"),
    ("messages", "export", "--source", "nobody"),
    ("agents", "status", "nobody"),
    ("agents", "history", "nobody"),
    ("keys", "revoke", "nothing"),
    ("keys", "rotate", "nothing"),
    ("keys", "create", "ci", "--sources", "nobody"),
    *(("webhooks", verb, "nothing") for verb in ("remove", "enable", "rotate", "test", "redeliver")),
    ("prompts", "show", "nothing"),
    ("backup", "restore", "nothing", "--yes"),
    ("backup", "verify", "nothing"),
    ("run", "--from-export", "nowhere.json"),
    ("run", "nowhere.json"),
    ("run", "./nowhere/"),
    ("ingest", "--from-export", "nowhere.json"),
    ("topicize", "--all", "--known-topics", "nowhere.yaml"),
]
WRONG = [
    ("run", "--limit", "0"),
    ("run", "--limit", "many"),
    ("run", "--mode", "sideways"),
    ("run", "--nothing-of-the-kind"),
    ("run", "a!b"),
    ("run", "one", "two"),
    ("nothing",),
    ("sources", "nothing"),
    ("sources", "add"),
    ("add-source", "--source-id", "a b"),
    ("sources", "rename", "a", "b c"),
    ("ingest", "--source", "a", "--all"),
    ("ingest", "--source", "a", "--recheck", "soon"),
    ("process",),
    ("process", "--all", "--max-cost", "-1"),
    ("topicize",),
    ("export", "--all", "--from", "yesterday"),
    ("export", "--all", "--from", "2026-11", "--to", "2026-11"),
    ("sentiment", "--source", "a", "--posts", "--all"),
    ("sentiment", "--source", "a", "--to", "2026-13"),
    ("costs", "--since", "ever"),
    ("costs", "--by", "mood"),
    ("entries", "--noise", "loud"),
    ("messages", "show", "nothing"),
    ("topics", "list", "--sort", "mood"),
    ("add-source", "--source-id", "a", "--history-from", "ever"),
    ("keys", "create"),
    ("keys", "create", "ci", "--role", "owner"),
    ("keys", "create", "ci", "--expires", "soon"),
    ("keys", "create", "ci", "--sources", ","),
    ("keys", "create", " "),
    ("keys", "rotate", "a", "--overlap", "long"),
    ("keys", "audit", "--limit", "0"),
    ("webhooks", "add"),
    ("webhooks", "add", "mailto:somebody"),
    ("webhooks", "add", "http://1.1.1.1/"),
    ("webhooks", "add", "https://1.1.1.1/", "--event", "job.begun"),
    ("webhooks", "rotate", "a", "--overlap", "long"),
    ("webhooks", "deliveries", "--state", "lost"),
    ("backup", "verify"),
    ("db", "downgrade"),
    ("db", "downgrade", "base", "-1"),
    ("db", "downgrade", "--steps", "0"),
    ("db", "migrate-from-sqlite"),
    ("db", "migrate-from-sqlite", "--sqlite-dir", "x", "--dry-run", "--resume"),
    ("agents", "handoffs", "--status", "lost"),
]


@pytest.mark.parametrize("arguments", UNKNOWN, ids=" ".join)
def test_what_is_not_there_is_an_error(sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...]) -> None:
    """An id, a name or a file that nobody knows: exit code 1."""
    told(tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=1).stderr)


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_cannot_be_meant_is_wrong_usage(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...]
) -> None:
    """A value, an option or a combination that means nothing: exit code 2, without words of the libraries below."""
    told(tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=2).stderr)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--limit", "0"), "--limit: '0' is not allowed (allowed: 1 or more)."),
        (("run", "--limit", "many"), "--limit: 'many' is not allowed (allowed: 1 or more)."),
        (("run", "--mode", "up"), "--mode: 'up' is not allowed (allowed: incremental, snapshot)."),
        (("process", "--all", "--max-cost", "x"), "--max-cost: 'x' is not allowed (allowed: 0 or more)."),
        (("process", "--all", "-c", "5000"), "--concurrency: '5000' is not allowed (allowed: 1 to 1000)."),
    ],
)
def test_wrong_option_is_told_with_its_value_and_range(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...], says: str
) -> None:
    """Name, value, what is allowed, and where the help is."""
    said = tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=2).stderr
    assert said.splitlines() == [
        f"Error: {says}", f"Hint: To see how to use it: tg-parser {arguments[0]} --help",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("LLM_BASE_URL", "here", "'here' is not allowed (allowed: an address starting with http:// or https://)."),
        ("TELEGRAM_SERVER", "x", "'x' is not allowed (allowed: dc@host:port, such as 2@127.0.0.1:4430)."),
        ("TELEGRAM_API_ID", "abc", "'abc' is not allowed (allowed: 1 or more)."),
        ("TELEGRAM_TAKEOUT", "perhaps", "'perhaps' is not allowed (allowed: true or false)."),
        ("LOG_FORMAT", "xml", "'xml' is not allowed (allowed: text, json)."),
    ],
)
@pytest.mark.parametrize("command", [("status",), ("backup", "list"), ("prompts", "list"), ("init",)], ids=" ".join)
def test_wrong_setting_is_wrong_usage_in_every_command(
    sqlite_env: dict[str, str], tmp_path: Path, command: tuple[Any, ...], variable: str, value: str, says: str
) -> None:
    """A variable outside its range: exit code 2, its name, its value, what is allowed; no patterns, no type names."""
    said = tg_parser({**sqlite_env, variable: value}, *command, cwd=tmp_path, code=2).stderr
    assert said.splitlines()[0] == f"Error: {variable}: {says}"
    told(said)


@pytest.mark.parametrize(
    "arguments",
    [("topics", "list"), ("entries",), ("entries", "--json"), ("messages", "export", "--all")],
    ids=" ".join,
)
def test_nothing_found_is_no_error_and_no_success(
    sqlite_env: dict[str, str], tmp_path: Path, arguments: tuple[Any, ...]
) -> None:
    """An empty result: exit code 4, said on stderr."""
    assert tg_parser(sqlite_env, *arguments, cwd=tmp_path, code=4).stderr.strip()


def test_a_missing_key_of_a_language_model_is_an_error(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """Exit code 1, with the variable to set or the way to do without."""
    arguments = ("run", "--from-export", str(small_export(tmp_path, 2)), "--provider", "openai", "--out", "out")
    said = tg_parser({**sqlite_env, "OPENAI_API_KEY": ""}, *arguments, cwd=tmp_path, code=1).stderr
    assert said.splitlines()[-2:] == [
        "Error: OPENAI_API_KEY is not set, so openai cannot be used.",
        "Hint: Set OPENAI_API_KEY, or choose --provider local.",
    ]


def told(said: str) -> None:
    """One error, one hint, and nothing that only a programmer reads."""
    lines = said.strip().splitlines()
    assert lines[-2].startswith("Error: "), said
    assert lines[-1].startswith("Hint: "), said
    for word in ("Traceback", "pydantic", "Input should", "^", "NoneType", "ValueError", "validation error"):
        assert word not in said
