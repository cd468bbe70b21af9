"""The pages name commands, options, settings and make targets that there are."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from documented import GUIDES, ROOT, arguments, blocks, commands, settings, steps

from tg_parser.cli.app import app
from tg_parser.config.settings import setting_groups

PAGES = sorted({*GUIDES, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")})
SETTINGS = {str(field.validation_alias) for _, group in setting_groups() for field in group.model_fields.values()}


def by_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def command_line() -> Any:
    """All commands, built once: a page names them by the hundred."""
    return typer.main.get_command(app)


def known_options(words: list[str]) -> tuple[set[str], set[str]]:
    """The options of the command that `words` call, and those among the words. Raises KeyError for no command."""
    command, rest = command_line(), list(words)
    known = {"--help", "-h", "--version", "--debug", "--data-dir"}
    while subcommands := getattr(command, "commands", None):
        if not rest or rest[0].startswith("-"):
            break
        named = rest[0] if rest[0] in subcommands else getattr(command, "default", rest[0])
        rest, command = rest[rest[0] in subcommands :], subcommands[named]
    for parameter in command.params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    return known, {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_commands_and_options_exist(page: Path) -> None:
    """Every tg-parser command of an `sh` block is one that there is, with options that it has."""
    for words in commands(page):
        given = arguments(words)
        if given is not None:
            known, used = known_options(given)
            assert used <= known, f"{' '.join(words)}: {sorted(used - known)}"


def test_a_command_that_there_is_not_would_be_noticed() -> None:
    """What is looked up above fails for an unknown command and shows an unknown option."""
    with pytest.raises(KeyError, match="collect"):
        known_options(["collect", "@name"])
    known, used = known_options(["db", "upgrade", "--sideways"])
    assert used - known == {"--sideways"}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_settings_exist(page: Path) -> None:
    """Every variable of a `dotenv` block is a setting."""
    assert settings(page) - SETTINGS == set()


def test_make_targets_exist() -> None:
    """Every `make` in an `sh` block names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [line.split() for page in PAGES for block in blocks(page, "sh") for line in block]
    named = {words[1] for words in lines if words[0] == "make"}
    assert {"demo", "test"} <= named <= targets


def test_the_user_guide_is_the_same_in_both_languages() -> None:
    """The Russian one shows the commands and the output of the English one, which a test runs, and sets the same."""
    english, russian = (ROOT / "docs" / f"USER_GUIDE{language}.md" for language in ("", ".ru"))
    assert list(steps(russian)) == list(steps(english))
    assert settings(russian) == settings(english)
