"""Every command that a guide shows is run as it stands there, in order, on both backends, and succeeds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from backup_samples import programs
from cli_process import SECONDS, begin, small_export, tg_parser, tg_parser_json
from conftest import process_environment
from documented import GUIDES, Shell, commands, steps
from fake_telegram_server import fake_telegram, login_variables, world
from job_processes import until
from knowledge_bases import MESSAGES_A_CHAT, KnowledgeBase, finished_demo, knowledge_base
from legacy_files import full_files
from llm_servers import SECRET, LlmServer, least_json
from llm_wire import Asked
from model_readings import blocks, well_read
from warm_child import WarmChild
from web_pages import NAME, PreviewServer, serving

from tg_parser.sample import SAMPLE_EXPORT

ANSWERS = {"login": "12345\n", "restore": "y\n", "encrypt-secret": "a secret\n"}
"""What the person types where a command asks."""

AT_WORK = {"api": "The API listens on", "worker": "is waiting for jobs"}
"""What runs until it is stopped, and what it says once it does."""

NOTHING_COLLECTED = {
    "install.md",
    "collect-a-public-channel.md",
    "collect-with-your-account.md",
    "USER_GUIDE.md",
    "PRODUCTION_DEPLOYMENT.md",
}
"""Pages that take nothing for granted."""

PREPARED = {
    *NOTHING_COLLECTED,
    "first-knowledge-base.md",
    "export-from-telegram-desktop.md",
    "MIGRATION_GUIDE_SQLITE_TO_POSTGRES.md",
}
"""Pages that begin with something of their own."""

LATER: dict[str, dict[str, tuple[str, ...]]] = {
    "USER_GUIDE.md": {"tg-parser login": ("TELEGRAM_",), "export OPENAI_API_KEY=sk-…": ("LLM_", "OPENAI_")},
    "PRODUCTION_DEPLOYMENT.md": {"docker compose exec tg_parser tg-parser login": ("TELEGRAM_",)},
}
"""Variables that a reader does not have before a command of a page, by how their names begin."""

NAKED_SCIENCE = "-1001000724666"

SERVER = ("DB_TYPE", "DB_URL")

ONLY = {
    "MIGRATION_GUIDE_SQLITE_TO_POSTGRES.md": "postgresql",
    "PRODUCTION_DEPLOYMENT.md": "postgresql",
    "first-knowledge-base.md": "sqlite",
}
"""Pages that are about one backend."""


def backends(page: Path) -> list[pytest.ParameterSet]:
    """The backends on which a page is followed."""
    marks: dict[str, Any] = {"sqlite": (), "postgresql": pytest.mark.postgres}
    return [
        pytest.param(page, each, marks=marks[each], id=f"{page.name}-{each}")
        for each in marks
        if ONLY.get(page.name, each) == each
    ]


def well_answered(asked: Asked) -> dict[str, Any]:
    """What a model says that is asked about messages, or about topics."""
    about_messages = any(label == "MESSAGE" for label, _, _ in blocks(asked))
    return well_read(asked) if about_messages else least_json(asked.schema or {})


@pytest.fixture
def collected(page: Path, backend: str, tmp_path: Path) -> Iterator[KnowledgeBase | None]:
    """What most pages take for granted: a knowledge base, which on SQLite is in ./data."""
    if page.name in PREPARED:
        yield None
        return
    with knowledge_base(backend, tmp_path) as made:
        shutil.copytree(made.out, tmp_path / "before")
        if backend == "sqlite":
            (tmp_path / "databases").rename(tmp_path / "data")
        yield made


@pytest.fixture
def variables(backend: str, collected: KnowledgeBase | None, request: pytest.FixtureRequest) -> dict[str, str]:
    """Those that name the databases: none on SQLite."""
    if backend == "sqlite":
        return {}
    return (
        {name: collected.env[name] for name in SERVER} if collected else request.getfixturevalue("postgres_variables")
    )


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Telegram, its web preview and a model on this machine; the variables that lead there."""
    there = world()
    there.channel(NAME, "News", discussion=True).fill(12, seed=5, comments=1)
    there.channel("talks", "Talks", discussion=True).fill(12, seed=6, comments=1)
    with ExitStack() as running:
        telegram = running.enter_context(fake_telegram(there))
        preview = running.enter_context(serving(PreviewServer(range(1, 13))))
        model = running.enter_context(LlmServer(well_answered))
        yield {
            **login_variables(telegram, tmp_path),
            "TELEGRAM_PHONE": "+79990000000",
            "WEB_PREVIEW_URL": preview,
            "WEB_PREVIEW_PAUSE": "0",
            "API_PORT": "0",
            **model.environment("openai"),
            "LLM_PRICE_INPUT": "1",
            "LLM_PRICE_OUTPUT": "1",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "HOME": str(tmp_path),
            "PG_BIN_DIR": str(programs()),
        }


class Reader:
    """Somebody who follows a page from the top, and puts names of their own where it has examples."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.services: list[WarmChild] = []
        self.later: dict[str, dict[str, str]] = {}
        self.shell = Shell(folder, env, self._run)

    def prepare(self, page: str) -> None:
        """Have what the page takes for granted."""
        export = small_export(self.folder, MESSAGES_A_CHAT)
        for command, begin_with in LATER.get(page, {}).items():
            names = [name for name in self.shell.env if name.startswith(begin_with)]
            self.later[command] = {name: self.shell.env.pop(name) for name in names}
        if page == "first-knowledge-base.md":
            finished_demo(self.folder / "data")
        elif page == "export-from-telegram-desktop.md":
            self._keep_exports(export)
        elif page.startswith("MIGRATION_GUIDE"):
            (self.folder / "data").mkdir()
            full_files(self.folder / "data")
        elif page == "PRODUCTION_DEPLOYMENT.md":
            # What the service `migrate` does before a command can be typed.
            self._run(self.shell.env, ["db", "upgrade"])
        if page == "edit-topics.md":
            # Two events of one channel.
            whole = ["run", "--from-export", str(SAMPLE_EXPORT), "--provider", "local", "--out", "whole"]
            self._run(self.shell.env, whole)
        if page == "search.md":
            self._run(self.shell.env, ["run", f"@{NAME}", "--provider", "local", "--out", "news"])
        if page == "look-things-up.md":
            self._run(self.shell.env, ["ingest", "--channel", f"@{NAME}"])

    def _keep_exports(self, export: Path) -> None:
        place = self.folder / "Downloads" / "Telegram Desktop" / "ChatExport_2024-11-30"
        place.mkdir(parents=True)
        channel = {"name": "Порт", "type": "public_channel", "id": 77, "messages": []}
        moment = {"date": "2024-11-30T10:00:00", "date_unixtime": "1732960800"}
        channel["messages"] = [{"id": 1, "type": "message", **moment, "text": "В порту нашли окаменелость."}]
        (place / "result.json").write_text(json.dumps(channel), "utf-8")
        export.write_bytes(json.dumps(channel, ensure_ascii=False).encode("cp1251"))

    def stop(self) -> list[int]:
        """Stop what was started; the exit codes."""
        for service in self.services:
            service.terminate()
        return [service.wait(SECONDS) for service in self.services]

    def type(self, words: list[str]) -> str:
        """Type a command, in one's own words where the page has an example; what it prints."""
        self.shell.env |= self.later.get(" ".join(words), {})
        return self.shell.type([self._own(word, words) for word in words])

    def _run(self, env: dict[str, str], given: list[Any]) -> subprocess.CompletedProcess[str]:
        if given[0] in AT_WORK:
            self._start(env, given)
            return subprocess.CompletedProcess(given, 0)
        answer = next((text for verb, text in ANSWERS.items() if verb in given), None)
        return tg_parser(env, *given, cwd=self.folder, answer=answer)

    def _start(self, env: dict[str, str], given: list[Any]) -> None:
        """Start what runs until it is stopped, and wait until it says that it does."""
        log = self.folder / f"{given[0]}-{len(self.services)}.log"
        with log.open("w", encoding="utf-8") as stderr:
            self.services.append(begin(env, *given, cwd=self.folder, stderr=stderr.fileno()))
        until(lambda: AT_WORK[given[0]] in log.read_text("utf-8"))

    def _own(self, word: str, words: list[str]) -> str:
        examples = {
            "@name": f"@{NAME}",
            "@durov": f"@{NAME}",
            "durov": NAME,
            "https://t.me/name/123": f"https://t.me/{NAME}/3",
            "path/to/ChatExport/": "result.json",
            "tg_parser/sample/result.json": "result.json",
            "/etc/tg-parser/key": "key",
            "DB_ENCRYPTION_KEY_FILE=/etc/tg-parser/key": "DB_ENCRYPTION_KEY_FILE=key",
            "https://hooks.example.com/tg-parser": f"{self.shell.env['WEB_PREVIEW_URL']}/hook",
            "OPENAI_API_KEY=sk-…": f"OPENAI_API_KEY={SECRET}",
            "мост": "а",
            "мозг": "а",
            "7d": "9000d",
            "9101": "0",
            "2026-11": "2020-01",
        }
        looked_up = {
            "JOB": self._job,
            "KEY": self._key,
            "WEBHOOK": self._webhook,
            "DELIVERY": self._delivery,
            "NAME": self._backup if "backup" in words else self._source,
            "SOURCE": self._source,
            "ID": self._topic,
            "OTHER": self._other_topic,
            "REF": self._member,
            "topic:tg:-1001000724666:post:11722": self._topic,
            "20250131-101500-a1b2c3": self._migration,
        }
        if word in looked_up:
            return looked_up[word](words)
        return str(Path(word.replace("~", str(self.folder)))) if word.startswith("~/") else examples.get(word, word)

    def _source(self, words: list[str]) -> str:
        sources = tg_parser_json(self.shell.env, "sources", "list", cwd=self.folder)["sources"]
        return next(each["source_id"] for each in sources if each["source_id"] != NAME)

    def _backup(self, words: list[str]) -> str:
        return tg_parser_json(self.shell.env, "backup", "list", cwd=self.folder)["backups"][0]["name"]

    def _job(self, words: list[str]) -> str:
        return tg_parser_json(self.shell.env, "jobs", "list", cwd=self.folder)["jobs"][0]["job_id"]

    def _key(self, words: list[str]) -> str:
        return tg_parser_json(self.shell.env, "keys", "list", cwd=self.folder)["keys"][0]["key_id"]

    def _webhook(self, words: list[str]) -> str:
        return tg_parser_json(self.shell.env, "webhooks", "list", cwd=self.folder)["webhooks"][0]["webhook_id"]

    def _delivery(self, words: list[str]) -> str:
        return tg_parser_json(self.shell.env, "webhooks", "deliveries", cwd=self.folder)["deliveries"][0]["delivery_id"]

    def _topic(self, words: list[str]) -> str:
        place = words[words.index("--data-dir") :] if "--data-dir" in words else []
        return self._topics(words, *place)[0]

    def _other_topic(self, words: list[str]) -> str:
        return self._topics(words)[1]

    def _member(self, words: list[str]) -> str:
        topic = self._topics(words)[0]
        members = tg_parser_json(self.shell.env, "topics", "show", topic, cwd=self.folder)["members"]
        return str(members[-1]["source_ref"])

    def _topics(self, words: list[str], *more: str) -> list[str]:
        """Topics of the channel; where messages change theirs, events: a part of one cannot go to another story."""
        level = ("--level", "event") if {"merge", "split", "move"}.intersection(words) else ()
        topics = tg_parser_json(self.shell.env, "topics", "list", *level, *more, cwd=self.folder)["topics"]
        return [each["id"] for each in topics if each["id"].startswith(f"topic:tg:{NAKED_SCIENCE}:")]

    def _migration(self, words: list[str]) -> str:
        return json.loads((self.folder / "migration.json").read_text("utf-8"))["run_id"]


@pytest.mark.parametrize(
    ("page", "backend"), [each for page in GUIDES if any(commands(page)) for each in backends(page)]
)
def test_every_command_of_a_guide_runs(
    page: Path, variables: dict[str, str], servers: dict[str, str], tmp_path: Path
) -> None:
    """Whoever types what the page shows, with names of their own, meets no error and sees output of the same shape."""
    reader = Reader({**process_environment(variables), **servers}, tmp_path)
    reader.prepare(page.name)
    try:
        for words, shown in steps(page):
            printed = reader.type(words)
            assert not shown or shown.missing(printed) == [], printed
    finally:
        codes = reader.stop()
    assert set(codes) <= {0}


def test_topics_that_guides_show_are_those_of_the_sample(tmp_path: Path) -> None:
    """Each topic that a page names is found in the whole sample, and both front pages tell how many there are."""
    env = process_environment({})
    tg_parser(env, "run", "--from-export", str(SAMPLE_EXPORT), "--provider", "local", "--out", "out", cwd=tmp_path)
    found = {each["id"] for each in tg_parser_json(env, "topics", "list", cwd=tmp_path)["topics"]}
    pages = {page.name: page.read_text("utf-8") for page in GUIDES}
    named = {name for text in pages.values() for name in re.findall(rf"topic:tg:{NAKED_SCIENCE}:post:\d+", text)}
    assert len(named) > 1
    assert named <= found
    for name in ("README.md", "README.ru.md"):
        told = re.search(r"^topics +(\d+)\nentries +(\d+)$", pages[name], re.MULTILINE)
        assert told is not None
        assert (int(told[1]), int(told[2])) == (len(found), 472 + len(found))
