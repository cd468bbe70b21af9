"""The commands and settings that the pages of the repository show, and a shell just large enough to run them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

ROOT = Path(__file__).parents[1]
GUIDES = sorted(
    [
        *ROOT.glob("README*.md"),
        ROOT / "MIGRATION_GUIDE_SQLITE_TO_POSTGRES.md",
        *(page for folder in ("how-to", "tutorial") for page in (ROOT / "docs" / folder).glob("*.md")),
    ]
)
"""The pages whose `sh` blocks a reader types in."""

_BLOCK = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_ASSIGNED = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)
_BUILDING = {"make", "uv", "pip", "pipx"}
"""Programs that build or install: the build of the repository itself and the test of the wheel run those."""

Run = Callable[[dict[str, str], list[str]], CompletedProcess[str]]


def blocks(page: Path, language: str) -> Iterator[list[str]]:
    """The lines of each block of a language, without those that are empty."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        if found["language"] == language:
            yield [line.strip() for line in found["text"].splitlines() if line.strip()]


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every command in the `sh` blocks of a page, in order, without comments."""
    for block in blocks(page, "sh"):
        for line in block:
            words = shlex.split(line, comments=True)
            if words and words[0] not in _BUILDING:
                yield words


def arguments(words: list[str]) -> list[str] | None:
    """What a command gives to tg-parser, where it calls it, itself or in its container."""
    given = words[: words.index(">")] if ">" in words else words
    if given[:3] == ["docker", "compose", "exec"]:
        given = given[given.index("tg-parser") :]
    return given[1:] if Path(given[0]).name == "tg-parser" else None


@dataclass
class Shell:
    """Runs documented commands in a folder: tg-parser with its redirections, `export` and `mkdir`."""

    folder: Path
    env: dict[str, str]
    run: Run

    def type(self, words: list[str]) -> None:
        """Run one command. Raises ValueError for what a page must not ask for without this shell knowing it."""
        given = arguments(words)
        if given is not None:
            done = self.run(self.env, given)
            if ">" in words:
                file = self.folder / words[words.index(">") + 1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(done.stdout, "utf-8")
        elif words[0] == "mkdir":
            (self.folder / words[1]).mkdir()
        elif words[0] == "export" and (assigned := _ASSIGNED.fullmatch(words[1])):
            self.env[assigned["name"]] = assigned["value"]
        else:
            raise ValueError(f"no test runs {' '.join(words)}")


def settings(page: Path) -> set[str]:
    """The names of all variables that the `dotenv` blocks of a page set."""
    lines = (line.lstrip("# ") for block in blocks(page, "dotenv") for line in block)
    return {assigned["name"] for line in lines if (assigned := _ASSIGNED.match(line))}
