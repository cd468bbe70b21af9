"""No console ends a command: what it cannot show is replaced, and JSON is UTF-8 everywhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_process import SECONDS, WARM, command
from conftest import process_environment
from fake_telegram_server import fake_telegram, telegram_variables, world
from job_processes import worker
from knowledge_bases import finished_demo
from legacy_files import full_files
from topic_samples import DOLLAR, SNOW, ZOO

from tg_parser.cli.app import command_line
from tg_parser.config.secrets import encrypted

TITLE = "Новости 🚀 ünïcode 频道"
WORDS = "Ракета 🚀 номер 1 стартовала с космодрома 频道"
SOURCE = "news"
CONSOLES = ["ascii", "cp1251"]
AS_TEXT = "text"
NOBODY = "http://127.0.0.1:9/"
READ = {"topics show", "topics history"}
ASKED = {
    "demo": ("--out", "пример 🚀"),
    "run": ("result.json", "--out", "всё 🚀"),
    "add-source": ("--source-id", "added-{console}", "--channel-username", "added_{console}"),
    "ingest": ("--source", SOURCE, "--from-export", "result.json"),
    "process": ("--source", SOURCE, "--force"),
    "topicize": ("--source", SOURCE, "--force"),
    "export": ("--source", SOURCE, "--out", "выгрузка 🚀"),
    "sentiment": ("--source", SOURCE, "--posts"),
    "entries": ("--source", SOURCE),
    "sources show": (SOURCE,),
    "sources add": ("--source-id", "more-{console}", "--channel-username", "more_{console}"),
    "sources rename": ("old-{console}", "new-{console}"),
    "sources pause": (SOURCE,),
    "sources resume": (SOURCE,),
    "sources remove": ("gone-{console}", "--yes"),
    "topics show": ("{topic}",),
    "topics history": ("{topic}",),
    "topics rename": ("{topic}", "Моё 🚀"),
    "topics merge": ("{topic}", "{other}"),
    "topics split": ("{topic}", "--messages", "{member}"),
    "topics move": ("{member}", "--to", "{other}"),
    "topics hide": ("{topic}",),
    "topics pin": ("{topic}",),
    "messages show": ("tg:-1001500000009:post:1",),
    "search find": ("ракета 🚀",),
    "similar": ("tg:-1001500000009:post:1",),
    "messages export": ("--source", SOURCE, "--out", "сырьё 🚀.ndjson"),
    "prompts show": ("processing",),
    "db migrate-from-sqlite": ("--sqlite-dir", "старое 🚀", "--to-sqlite", "новое {console} 🚀"),
    "db encrypt-secret": ("--key-file", "ключи 🚀/key"),
    "db downgrade": ("head", "--yes"),
    "db stamp": ("head",),
    "backup create": ("--dir", "копии 🚀"),
    "backup list": ("--dir", "копии 🚀"),
    "backup verify": ("--latest", "--dir", "хранимое 🚀"),
    "backup restore": ("{backup}", "--yes", "--dir", "хранимое 🚀"),
    "backup prune": ("--dir", "копии 🚀"),
    "jobs show": ("{done}",),
    "jobs watch": ("{done}",),
    "jobs retry": ("{done}",),
    "jobs cancel": ("{waiting}",),
    "keys create": ("панель 🚀",),
    "keys revoke": ("{revoked}",),
    "keys rotate": ("{rotated}",),
    "webhooks add": (NOBODY,),
    "webhooks remove": ("{removed}",),
    "webhooks enable": ("{hook}",),
    "webhooks rotate": ("{hook}",),
    "webhooks test": ("{hook}",),
    "webhooks redeliver": ("{delivery}",),
    "agents status": ("orchestrator",),
    "agents history": ("orchestrator",),
}
EDITS = {name for name, asked in ASKED.items() if name.startswith("topics ") and name not in READ}
"""What cannot be done twice to a topic."""
ODD = [
    ("run", "--source", SOURCE, "--skip-ingest", "--out", "выгрузка 🚀"),
    ("ingest", "--from-export", "нет 🚀.json"),
    ("status", "--source", "нет-🚀"),
    ("sources", "rename", "нет-🚀", "да-🚀"),
    ("add-source", "--source-id", "другой-🚀", "--channel-username", "someone"),
    ("topics", "show", "频道"),
    ("agents", "status", "频道"),
    ("db", "downgrade", "频道", "--yes"),
    ("db", "stamp", "频道"),
    ("db", "migrate-from-sqlite", "--sqlite-dir", "нет 🚀"),
    ("backup", "restore", "频道", "--dir", "копии 🚀"),
]
HOLDS = {
    "run": TITLE,
    "ingest": TITLE,
    "status": TITLE,
    "sources list": TITLE,
    "sources show": TITLE,
    "entries": WORDS,
    "messages show": WORDS,
    "export": "выгрузка 🚀",
    "login": "Тест",
    "backup create": "копии 🚀",
    "db migrate-from-sqlite": "старое 🚀",
}


def _commands(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every command that the program knows, by its words."""
    if not hasattr(found, "commands"):
        yield " ".join(path), found
        return
    for name, each in found.commands.items():
        yield from _commands(each, (*path, name))


NEVER_ENDS = {"api", "worker"}
COMMANDS = {name: each for name, each in _commands(command_line()) if name not in NEVER_ENDS}
WITH_JSON = [name for name, each in COMMANDS.items() if any("--json" in option.opts for option in each.params)]
FOUND, WRONG_USE, NOTHING_FOUND = 0, 2, 4
ENDS_OTHERWISE = {"db encrypt-secret": WRONG_USE, "healthcheck": 1}
"""Commands that ask a person, or an API, and find none."""


class Home:
    """A folder with everything that commands work on, whose titles and texts no old console can show."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder, self.variables = folder, variables
        self.names: dict[str, str] = {}

    def on_console(self, encoding: str, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[bytes]:
        """What a command said on a console of that encoding."""
        env = {**self.variables, **variables, "PYTHONIOENCODING": encoding}
        return WARM.run_in_bytes(list(arguments), env, self.folder, SECONDS)

    def asked(self, console: str, name: str) -> list[str]:
        """The words of a command with what it needs; what it changes is another thing on each console."""
        if name in EDITS:
            while self.on_console("utf-8", "topics", "undo").returncode == 0:
                pass
        if name == "topics undo":
            self.on_console("utf-8", "topics", "rename", self.names["topic"], f"Title of {console}")
        own = {name: self.names[f"{name}-{console}"] for name in ("waiting", "revoked", "rotated", "removed")}
        names = {**self.names, **own, "console": console}
        return [*name.split(), *(each.format_map(names) for each in ASKED.get(name, ()))]

    def done(self, *arguments: str) -> dict[str, Any]:
        """The JSON of a command that has to succeed."""
        done = self.on_console("utf-8", *arguments, "--json")
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A source with documents and topics, agents that have worked, a backup, an account, files of version 3.0."""
    folder = tmp_path_factory.mktemp("console")
    texts = [WORDS, *SNOW, *DOLLAR, *ZOO]
    messages = [
        {"id": number, "type": "message", "date_unixtime": str(1_754_042_400 + number), "text": text}
        for number, text in enumerate(texts, 1)
    ]
    export = {"name": TITLE, "type": "public_channel", "id": 1500000009, "messages": [*messages, {"text": "no id"}]}
    (folder / "result.json").write_text(json.dumps(export, ensure_ascii=False), "utf-8")
    full_files(folder / "старое 🚀")
    with fake_telegram(world()) as server:
        webhooks = {"DB_ENCRYPTION_KEY_FILE": str(folder / "key"), "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        variables = {"TG_PARSER_HOME": "data", **telegram_variables(server), **webhooks}
        made = Home(folder, process_environment(variables))
        encrypted("", folder / "key")
        finished_demo(folder / "data")
        made.done("add-source", "--source-id", SOURCE, "--channel-id", "-1001500000009")
        made.done("run", "--source", SOURCE, "--from-export", "result.json", "--multi-agent", "--provider", "local")
        for console in (*CONSOLES, AS_TEXT):
            for number, name in enumerate(("old", "gone")):
                source = f"{name}-{console}"
                made.done(
                    "add-source", "--source-id", source, "--channel-username", f"{source}_{number}".replace("-", "_")
                )
            for name in ("revoked", "rotated"):
                made.names[f"{name}-{console}"] = made.done("keys", "create", name)["key"]["key_id"]
            made.names[f"removed-{console}"] = made.done("webhooks", "add", NOBODY)["webhook"]["webhook_id"]
            made.names[f"waiting-{console}"] = made.done("ingest", "--source", f"old-{console}", "--detach")["job_id"]
        made.names["hook"] = made.done("webhooks", "add", NOBODY)["webhook"]["webhook_id"]
        made.names["delivery"] = made.done("webhooks", "test", made.names["hook"])["delivery_id"]
        made.names["done"] = made.done("export", "--source", SOURCE, "--detach")["job_id"]
        with worker(made.variables, folder, "--queues", "export"):
            made.done("jobs", "watch", made.names["done"])
        made.names["topic"], made.names["other"] = (each["id"] for each in made.done("topics", "list")["topics"][:2])
        made.names["member"] = made.done("topics", "show", made.names["topic"])["members"][-1]["source_ref"]
        made.names["backup"] = made.done("backup", "create", "--dir", "хранимое 🚀")["name"]
        yield made


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_ends_at_what_the_console_cannot_show(home: Home, name: str) -> None:
    """Every command, in a Windows code page, with names that it does not have: it is done all the same."""
    text = home.on_console("cp1251", *home.asked(AS_TEXT, name))
    good = {ENDS_OTHERWISE[name]} if name in ENDS_OTHERWISE else {FOUND, NOTHING_FOUND}
    assert text.returncode in good, text.stderr.decode("cp1251")
    _is_readable(text)


@pytest.mark.parametrize("arguments", ODD, ids=" ".join)
def test_no_error_ends_at_what_the_console_cannot_show(home: Home, arguments: tuple[Any, ...]) -> None:
    """An error that names what the console cannot show is told in its own words."""
    _is_readable(home.on_console("cp1251", *arguments))


def _is_readable(text: subprocess.CompletedProcess[bytes]) -> None:
    text.stdout.decode("cp1251")
    said = text.stderr.decode("cp1251")
    assert "UnicodeEncodeError" not in said
    assert "unexpected" not in said


@pytest.mark.parametrize(
    ("name", "console"), [(name, console) for name in WITH_JSON for console in CONSOLES[: 1 + (name in HOLDS)]]
)
def test_json_is_utf8_on_every_console(home: Home, name: str, console: str) -> None:
    """Every command that has --json succeeds with JSON in which no character is lost; stderr is the console's.

    In ASCII all of them; those whose titles and texts are looked for in a Windows code page, too.
    """
    told = home.on_console(console, *home.asked(console, name), "--json")
    assert told.returncode in {FOUND, NOTHING_FOUND}, told.stderr.decode(console)
    told.stderr.decode(console)
    printed = told.stdout.decode("utf-8")
    for line in printed.splitlines() if name == "entries" else [printed]:
        assert "??" not in json.dumps(json.loads(line), ensure_ascii=False)
    assert HOLDS.get(name, "") in printed


@pytest.mark.parametrize("console", CONSOLES)
def test_json_on_stderr_loses_nothing_on_any_console(home: Home, console: str) -> None:
    """With LOG_FORMAT=json an error and the log escape what the console does not have."""
    told = home.on_console(console, "status", "--source", "нет-🚀", LOG_FORMAT="json")
    (line,) = told.stderr.decode("ascii").splitlines()
    assert "'нет-🚀'" in json.loads(line)["event"]
    told = home.on_console("utf-8", "status", "--source", "нет-🚀", LOG_FORMAT="json")
    assert "'нет-🚀'" in told.stderr.decode("utf-8")


def test_what_cannot_be_shown_is_replaced_and_the_rest_is_not(home: Home) -> None:
    """Cyrillic stays in a Cyrillic code page, an emoji becomes a question mark."""
    text = home.on_console("cp1251:strict", "sources", "list").stdout.decode("cp1251")
    assert "Новости ? ?n?code ??" in text


def test_what_was_left_out_is_told_in_text(home: Home) -> None:
    """The element without an id is counted in a sentence, on any console."""
    told = home.on_console("cp1251", "ingest", "--source", SOURCE, "--from-export", "result.json").stdout
    assert f"{SOURCE}: 1 message skipped: the id is missing" in told.decode("cp1251")


@pytest.mark.parametrize("encoding", ["ascii", "cp1251"])
def test_a_system_of_ascii_ends_no_command(home: Home, encoding: str) -> None:
    """A process of its own, where not even names of files may be other than ASCII: text, JSON and files are whole."""
    variables = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    run: Callable[..., Any] = partial(
        subprocess.run, env={**home.variables, **variables}, cwd=home.folder, capture_output=True
    )
    asked = command("export", "--source", SOURCE, "--out", f"файлы {encoding} 🚀", "--json")
    done = run(asked, timeout=SECONDS, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["out"] == f"файлы {encoding} 🚀"
    assert (home.folder / f"файлы {encoding} 🚀" / "kb_entries.ndjson").is_file()
    listed = run(command("sources", "list"), timeout=SECONDS, check=True).stdout.decode(encoding)
    assert ("Новости" if encoding == "cp1251" else "???????") in listed
