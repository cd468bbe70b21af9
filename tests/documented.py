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
        ROOT / "PRODUCTION_DEPLOYMENT.md",
        ROOT / "docs/USER_GUIDE.md",
        *(page for folder in ("how-to", "tutorial") for page in (ROOT / "docs" / folder).glob("*.md")),
    ]
)
"""The pages whose `sh` blocks a reader types in."""

_BLOCK = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_ASSIGNED = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)
_BUILDING = {"make", "uv", "pip", "pipx"}
"""Programs that build or install: the build of the repository itself and the test of the wheel run those."""

OUTPUTS = {"output", "table"}
"""Blocks with the output of the command before them: lines with a label each, or a table under its heading."""

Run = Callable[[dict[str, str], list[str]], CompletedProcess[str]]


def cells(line: str) -> list[str]:
    """The cells of a line of output."""
    return re.split(r" {2,}", line.strip())


@dataclass(frozen=True)
class Shown:
    """The output of a command as a page shows it. Lines that begin with … stand for lines that are left out."""

    kind: str
    lines: list[str]

    def missing(self, printed: str) -> list[str]:
        """What the real output does not have: the heading of the table, or labels in this order."""
        real = [cells(line) for line in printed.splitlines() if line.strip()]
        shown = [cells(line) for line in self.lines if not line.startswith("…")]
        if self.kind == "table":
            return [] if shown[0] in real else shown[0]
        labels = iter(line[0] for line in real)
        return [line[0] for line in shown if line[0] not in labels]


def every_block(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The language of each block, and its lines without those that are empty."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield found["language"], [line.strip() for line in found["text"].splitlines() if line.strip()]


def blocks(page: Path, language: str) -> Iterator[list[str]]:
    """The lines of each block of a language."""
    return (lines for found, lines in every_block(page) if found == language)


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every command in the `sh` blocks of a page, in order, without comments."""
    return (words for words, _ in steps(page))


def steps(page: Path) -> Iterator[tuple[list[str], Shown | None]]:
    """Every command of a page, with what the page shows of its output where it does, which follows its block."""
    last: list[str] | None = None
    for language, lines in every_block(page):
        if language in OUTPUTS and last is not None:
            yield last, Shown(language, lines)
            last = None
        elif language == "sh":
            for line in lines:
                words = shlex.split(line, comments=True)
                if words and words[0] not in _BUILDING:
                    if last is not None:
                        yield last, None
                    last = words
    if last is not None:
        yield last, None


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

    def type(self, words: list[str]) -> str:
        """Run one command; what it prints. Raises ValueError for a command that this shell does not know."""
        given = arguments(words)
        if given is not None:
            done = self.run(self.env, given)
            if ">" in words:
                file = self.folder / words[words.index(">") + 1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(done.stdout, "utf-8")
            return done.stdout or ""
        if words[0] == "mkdir":
            (self.folder / words[1]).mkdir()
        elif words[0] == "export" and (assigned := _ASSIGNED.fullmatch(words[1])):
            self.env[assigned["name"]] = assigned["value"]
        else:
            raise ValueError(f"no test runs {' '.join(words)}")
        return ""


def settings(page: Path) -> set[str]:
    """The names of all variables that the `dotenv` blocks of a page set."""
    lines = (line.lstrip("# ") for block in blocks(page, "dotenv") for line in block)
    return {assigned["name"] for line in lines if (assigned := _ASSIGNED.match(line))}
