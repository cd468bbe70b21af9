"""No console ends a command: what it cannot show is replaced, and JSON is UTF-8 everywhere."""

import json
import subprocess

import pytest
from cli_process import SECONDS, command
from typer.main import get_command

from tg_parser.cli.app import app

TITLE = "Новости 🚀 ünïcode 频道"
SOURCE = "news"
COMMANDS = [
    ("demo",),
    ("run", "--source", SOURCE, "--skip-ingest"),
    ("init",),
    ("add-source", "--source-id", "другой-🚀", "--channel-username", "someone"),
    ("ingest", "--source", SOURCE, "--from-export", "result.json"),
    ("process", "--source", SOURCE, "--force"),
    ("topicize", "--source", SOURCE, "--force"),
    ("export", "--source", SOURCE, "--out", "выгрузка 🚀"),
    ("status",),
    ("status", "--source", SOURCE),
    ("sentiment", "--source", SOURCE),
    ("costs",),
    ("sources", "list"),
    ("sources", "show", SOURCE),
    ("sources", "add", "--source-id", "ещё-🚀", "--channel-username", "someone_else"),
    ("sources", "rename", "нет-🚀", "да-🚀"),
    ("topics", "list"),
    ("topics", "show", "频道"),
    ("messages", "show", "tg:-1001500000009:post:1"),
    ("messages", "export", "--source", SOURCE, "--out", "сырьё 🚀.ndjson"),
    ("entries", "--source", SOURCE),
    ("sources", "pause", SOURCE),
    ("sources", "resume", SOURCE),
    ("sources", "remove", "нет-🚀", "--yes"),
    ("prompts", "list"),
    ("prompts", "show", "processing"),
    ("prompts", "check"),
    ("db", "migrate-from-sqlite", "--sqlite-dir", "нет 🚀"),
    ("db", "pool"),
    ("db", "encrypt-secret", "--key-file", "нет 🚀/key"),
    ("db", "upgrade"),
    ("db", "downgrade", "频道", "--yes"),
    ("db", "current"),
    ("db", "history"),
    ("db", "stamp", "频道"),
    ("backup", "create", "--dir", "копии 🚀"),
    ("backup", "list", "--dir", "копии 🚀"),
    ("backup", "verify", "--dir", "копии 🚀"),
    ("backup", "restore", "频道", "--dir", "копии 🚀"),
    ("backup", "prune", "--dir", "копии 🚀"),
    ("agents", "list"),
    ("agents", "status", "频道"),
    ("agents", "history", "频道"),
    ("agents", "handoffs"),
    ("agents", "cleanup", "--dry-run"),
    ("agents", "archives"),
    ("login",),
]
WITH_TITLES = [
    ("ingest", "--source", SOURCE, "--from-export", "result.json"),
    ("run", "--source", SOURCE, "--from-export", "result.json"),
    ("sources", "list"),
]
ANSWERED = {0, 1, 2, 3, 4}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A home with one source, whose title and texts no old console can show."""
    home = tmp_path_factory.mktemp("console")
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(1_754_042_400 + number),
            "text": f"Ракета 🚀 номер {number} стартовала с космодрома 频道",
        }
        for number in range(1, 4)
    ]
    export = {"name": TITLE, "type": "public_channel", "id": 1500000009, "messages": [*messages, {"text": "no id"}]}
    (home / "result.json").write_text(json.dumps(export, ensure_ascii=False), "utf-8")
    assert (
        on_console("utf-8", home, "add-source", "--source-id", SOURCE, "--channel-id", "-1001500000009").returncode == 0
    )
    done = on_console("utf-8", home, "run", "--source", SOURCE, "--from-export", "result.json")
    assert (done.returncode, TITLE in done.stdout.decode()) == (0, True)
    return home


def on_console(encoding, cwd, *arguments):
    """Run a command as a process of its own on a system without UTF-8."""
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding, "TG_PARSER_HOME": "data", "HOME": str(cwd)}
    nobody = subprocess.DEVNULL
    return subprocess.run(
        command(*arguments), env=env, cwd=cwd, stdin=nobody, capture_output=True, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_ends_at_what_the_console_cannot_show(filled, arguments):
    """Every command, in a Windows code page on a system of ASCII, with names that neither of them has."""
    text = on_console("cp1251", filled, *arguments)
    assert text.returncode in ANSWERED
    text.stdout.decode("cp1251")
    assert b"UnicodeEncodeError" not in text.stderr
    assert b"unexpected" not in text.stderr


@pytest.mark.parametrize("arguments", WITH_TITLES, ids=" ".join)
def test_json_is_utf8_on_every_console(filled, arguments):
    """What programs read does not depend on the console's encoding."""
    told = on_console("ascii", filled, *arguments, "--json")
    told.stderr.decode("ascii")
    assert TITLE in json.dumps(json.loads(told.stdout.decode("utf-8")), ensure_ascii=False)


def test_every_command_is_tried():
    """A new command needs a line above."""
    tried = {" ".join(each) for each in COMMANDS}
    assert [
        name for name in _names(get_command(app)) if not any(f"{each} ".startswith(f"{name} ") for each in tried)
    ] == []


def _names(found, path=()):
    if not hasattr(found, "commands"):
        yield " ".join(path)
        return
    for name, each in found.commands.items():
        yield from _names(each, (*path, name))


def test_what_cannot_be_shown_is_replaced_and_the_rest_is_not(filled):
    """Cyrillic stays in a Cyrillic code page, an emoji becomes a question mark; JSON has both."""
    text = on_console("cp1251", filled, "sources", "list").stdout.decode("cp1251")
    assert "Новости ? ?n?code ??" in text
    listed = json.loads(on_console("cp1251:strict", filled, "sources", "list", "--json").stdout.decode("utf-8"))
    assert TITLE in [each["channel_title"] for each in listed["sources"]]


def test_what_was_left_out_is_told_in_text(filled):
    """The element without an id is counted in a sentence, on any console."""
    told = on_console("cp1251", filled, "ingest", "--source", SOURCE, "--from-export", "result.json").stdout
    assert f"{SOURCE}: 1 message left out: without a number it cannot be kept" in told.decode("cp1251")
