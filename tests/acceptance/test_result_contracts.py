"""What commands print with --json is what docs/contracts says, command by command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_process import small_export, tg_parser
from cryptography.fernet import Fernet
from jsonschema import Draft202012Validator, FormatChecker
from knowledge_bases import finished_demo

from tg_parser.cli.app import app
from tg_parser.cli.presentation import emit_json
from tg_parser.services.views.collecting import LoginResult

CONTRACTS = Path(__file__).parents[2] / "docs/contracts"
ROW = re.compile(r"^\| `(?P<command>.+?)` \| \[\w+\]\((?P<file>\S+)\) \|$", re.MULTILINE)
ROWS = ROW.findall((CONTRACTS / "README.md").read_text("utf-8"))
RESULTS = {name: file for name, file in ROWS if not name.startswith("/")}
LOCAL = ("--provider", "local")
SOURCE = "naked-science"
COMMANDS = [
    ("init", ()),
    ("run", ("./result.json", *LOCAL)),
    ("add-source", ("--source-id", "other", "--channel-username", "@other_one", "--via", "web")),
    ("sources add", ("--source-id", "third", "--channel-username", "@third_one", "--via", "web")),
    ("sources list", ()),
    ("sources show", (SOURCE,)),
    ("sources rename", ("other", "another")),
    ("run --detach", ("--source", SOURCE, *LOCAL)),
    ("run --all --detach", LOCAL),
    ("ingest --detach", ("--source", "another")),
    ("ingest --all --detach", ()),
    ("process --detach", ("--source", SOURCE, *LOCAL)),
    ("process --all --detach", LOCAL),
    ("topicize --detach", ("--source", SOURCE, *LOCAL)),
    ("topicize --all --detach", LOCAL),
    ("export --detach", ("--source", SOURCE)),
    ("jobs list", ()),
    ("schedule", ()),
    ("jobs show", ("JOB",)),
    ("jobs cancel", ("JOB",)),
    ("jobs retry", ("JOB",)),
    ("keys create", ("ci", "--role", "editor", "--sources", SOURCE, "--expires", "90d")),
    ("keys list", ()),
    ("keys rotate", ("KEY",)),
    ("keys revoke", ("KEY",)),
    ("keys audit", ()),
    ("webhooks add", ("http://127.0.0.1:9/hook", "--event", "job.done")),
    ("webhooks list", ()),
    ("webhooks rotate", ("WEBHOOK",)),
    ("webhooks enable", ("WEBHOOK",)),
    ("webhooks test", ("WEBHOOK",)),
    ("webhooks deliveries", ()),
    ("webhooks redeliver", ("DELIVERY",)),
    ("webhooks remove", ("WEBHOOK",)),
    ("sources pause", ("another",)),
    ("sources resume", ("another",)),
    ("sources remove", ("another", "--yes")),
    ("sources remove", ("third", "--yes", "--with-data")),
    ("ingest", ("--from-export", "result.json")),
    ("ingest --reread", ("--all",)),
    ("process --estimate", ("--all", *LOCAL)),
    ("process", ("--source", SOURCE, "--force", *LOCAL)),
    ("process", ("--source", SOURCE, "--force", "--multi-agent", *LOCAL)),
    ("process", ("--all", "--dry-run", *LOCAL)),
    ("topicize", ("--source", SOURCE, "--force", *LOCAL)),
    ("topicize --all", LOCAL),
    ("run", ("--source", SOURCE, "--skip-ingest", "--multi-agent", "--replace", *LOCAL)),
    ("run --all", ("--skip-ingest", "--replace", *LOCAL)),
    ("export", ("--all", "--replace")),
    ("topics list", ("--retired",)),
    ("topics show", ("TOPIC",)),
    ("topics history", ("TOPIC",)),
    ("topics diff", ()),
    ("topics rename", ("TOPIC", "A title")),
    ("topics pin", ("TOPIC",)),
    ("topics hide", ("OTHER",)),
    ("topics merge", ("TOPIC", "OTHER")),
    ("topics undo", ()),
    ("topics split", ("TOPIC", "--messages", "MESSAGE")),
    ("topics undo", ()),
    ("topics move", ("MESSAGE", "--to", "OTHER")),
    ("topics edits", ()),
    ("topics check", ()),
    ("messages show", ("MESSAGE",)),
    ("entries", ()),
    ("search find", ("учёные",)),
    ("search index", ()),
    ("similar", ("MESSAGE",)),
    ("status", ()),
    ("status", ("--failures",)),
    ("status", ("--source", SOURCE)),
    ("sentiment", ("--source", SOURCE, "--by", "thread", "--posts")),
    ("costs", ()),
    ("prompts list", ()),
    ("prompts check", ()),
    ("db upgrade", ()),
    ("db current", ()),
    ("db stamp", ("head",)),
    ("db history", ()),
    ("db pool", ()),
    ("backup create", ()),
    ("backup list", ()),
    ("backup verify", ("--latest",)),
    ("backup prune", ("--dry-run",)),
    ("doctor", ()),
    ("backup restore", ("BACKUP", "--yes")),
    ("agents list", ()),
    ("agents status", ("processor",)),
    ("agents history", ("processor",)),
    ("agents handoffs", ()),
    ("agents cleanup", ("--dry-run",)),
    ("agents archives", ()),
    ("db migrate-from-sqlite", ("--sqlite-dir", "databases", "--to-sqlite", "new", "--verify")),
    ("db migrate-from-sqlite --rollback", ("RUN", "--to-sqlite", "new")),
    ("db downgrade", ("base", "--db", "processing", "--yes")),
    ("demo", ()),
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, sqlite_environment: Callable[..., Any]) -> list[Any]:
    """The objects that each command of COMMANDS printed, one after the other in one home."""
    folder = tmp_path_factory.mktemp("home")
    key = folder / "key"
    key.write_bytes(Fernet.generate_key())
    own = {"DB_ENCRYPTION_KEY_FILE": str(key), "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    env = sqlite_environment(folder) | own | {"TG_PARSER_HOME": str(folder)}
    small_export(folder, 20)
    finished_demo(folder)
    found, results = dict[str, str](), []
    for name, arguments in COMMANDS:
        given = [found.get(argument, argument) for argument in arguments]
        done = tg_parser(env, *name.split(), *given, "--json", cwd=folder)
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        results.append((name, objects))
        found |= _names(name, objects[0])
        if name == "topics list":
            found["OTHER"] = _other_topic(objects[0]["topics"])
    return results


def _names(name: str, shown: dict[str, Any]) -> dict[str, str]:
    """What later commands of COMMANDS name."""
    named: dict[str, tuple[str, Callable[[], str]]] = {
        "topics list": ("TOPIC", lambda: shown["topics"][0]["id"]),
        "topics show": ("MESSAGE", lambda: shown["members"][0]["source_ref"]),
        "export --detach": ("JOB", lambda: shown["job_id"]),
        "keys create": ("KEY", lambda: shown["key"]["key_id"]),
        "webhooks add": ("WEBHOOK", lambda: shown["webhook"]["webhook_id"]),
        "webhooks test": ("DELIVERY", lambda: shown["delivery_id"]),
        "backup create": ("BACKUP", lambda: shown["name"]),
        "db migrate-from-sqlite": ("RUN", lambda: shown["run_id"]),
    }
    if name not in named:
        return {}
    word, found = named[name]
    return {word: found()}


def _other_topic(topics: list[dict[str, Any]]) -> str:
    """A topic of the same level as the first one."""
    return next(str(each["id"]) for each in topics[1:] if each["level"] == topics[0]["level"])


def test_results_follow_their_contracts(printed: list[Any]) -> None:
    """Every object validates against the schema of its command, with no key that the schema does not know."""
    broken = []
    for name, objects in printed:
        broken += [f"{name}: {fault}" for one in objects for fault in faults(name, one)]
    assert broken == []


def faults(name: str, shown: dict[str, Any]) -> list[Any]:
    """Where an object does not follow the contract of its command."""
    schema = json.loads((CONTRACTS / RESULTS[name]).read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path} {error.message}" for error in validator.iter_errors(shown)]


def test_login_follows_its_contract(capfd: pytest.CaptureFixture[str]) -> None:
    """What `login` prints for one who gave the session as a string; logging in itself needs a Telegram server."""
    emit_json(LoginResult(account="@ada", session_file=None, already=True, resumed=("one",)))
    shown = json.loads(capfd.readouterr().out)
    assert shown == {"account": "@ada", "session_file": None, "already": True, "resumed": ["one"]}
    assert faults("login", shown) == []


def test_what_failed_has_its_code_and_facts(tmp_path: Path, sqlite_environment: Callable[..., Any]) -> None:
    """A source of a result, and the last line of stderr with LOG_FORMAT=json, say in facts what their sentences say."""
    env = sqlite_environment(tmp_path) | {"LOG_FORMAT": "json"}
    whole = small_export(tmp_path, 5).read_bytes()
    (tmp_path / "result.json").write_bytes(whole[: len(whole) // 4])
    done = tg_parser(env, "ingest", "--from-export", "result.json", "--json", cwd=tmp_path, code=1)
    shown = json.loads(done.stdout)
    assert faults("ingest", shown) == []
    failed = shown["sources"][-1]
    assert (failed["code"], failed["data"], failed["status"]) == ("export_truncated", {"path": "result.json"}, "active")
    unknown = tg_parser(env, "sources", "show", "nobody", "--json", cwd=tmp_path, code=1)
    told = json.loads(unknown.stderr.splitlines()[-1])
    assert (told["code"], told["exit_code"]) == ("unknown_source", 1)
    assert told["data"] == {"case": "unknown_source_id", "source_id": "nobody", "known": "khabr, naked-science"}
    assert told["hint"] == "Known sources: khabr, naked-science. Add one with: tg-parser add-source --source-id nobody"


def test_every_contract_is_tried() -> None:
    """No row of the page stays untried."""
    assert RESULTS.keys() == {name for name, _ in COMMANDS} | {"login", "jobs watch"}


def test_every_command_with_json_has_a_contract() -> None:
    """A new command that prints JSON gets a row on the page."""
    assert set(_commands_with_json(typer.main.get_command(app))) <= RESULTS.keys()


def _commands_with_json(command: Any, path: tuple[Any, ...] = ()) -> Iterator[str]:
    if any("--json" in getattr(parameter, "opts", ()) for parameter in command.params):
        yield " ".join(path)
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands_with_json(child, (*path, name))


def test_what_is_not_stated_has_no_key(printed: list[Any]) -> None:
    """Facts that a result has only at times are absent at others: spending in a demo, agents in a plain run."""
    by_name: dict[str, list[Any]] = {}
    for name, objects in printed:
        by_name.setdefault(name, []).append(objects[0])
    plain, by_agents, counted = by_name["process"]
    numbers = {"provider", "waiting", "processed", "noise", "without_text", "failed", "removed", "spending"}
    assert plain.keys() == counted.keys() == numbers
    assert by_agents.keys() == numbers | {"agents"}
    steps = {"channels", "ingest", "process", "topicize", "export"}
    assert by_name["demo"][0].keys() == steps
    assert [each.keys() for each in by_name["run"]] == [steps | {"spending"}, steps | {"spending", "agents"}]
    assert [set(each) for each in by_name["status"]] == [
        {"places", "sources"},
        {"places", "sources", "failures"},
        {"places", "sources"},
    ]
    assert by_name["ingest"][0]["sources"][0].keys() == {"source_id", "channel_id", "title", "counts"}
