"""What the pages have an operator type on a real server names services, units, commands and files that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from compose_files import DEVELOPMENT, PRODUCTION, own_services, raw
from documented import ROOT, every_block
from test_documented_names import PAGES, by_name, known_options

SERVICES = raw(PRODUCTION)["services"]
PROFILES = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
OWN = set(own_services(raw(PRODUCTION))) - {"backup"}
"""The services that pass what stands after their name to tg-parser; `backup` has a script of its own."""
UNITS = {path.name for path in (ROOT / "deploy/systemd").iterdir()}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
MADE = {"deploy/prometheus/metrics.key"}
"""Files of the repository's folders that the operator makes."""

_UNIT = re.compile(r"tg-parser(?:-[a-z]+)?(?:@\d?)?(?:\.[a-z]+)?|tg-parser-\*")
_FILE = re.compile(r"(?:deploy|docs|scripts|benchmarks|tests|tg_parser)/\S+|\.env\S*\.example|requirements\S*\.txt")
_WITH_VALUE = {"-e", "-v", "-f", "-p", "--scale", "--profile", "--env-file"}
_TAKES_SERVICES = {"exec", "run", "restart", "stop", "start", "logs", "pull", "up", "rm"}


def typed(page: Path) -> Iterator[list[str]]:
    """The words of every line of a page's `bash` blocks, without `sudo`, comments and what a here-document holds."""
    for language, lines in every_block(page):
        end = None
        for line in lines if language == "bash" else []:
            if end is None:
                words = shlex.split(line, comments=True)
                end = next((word[2:] for word in words if word.startswith("<<")), None)
                yield words[1:] if words[:1] == ["sudo"] else words
            elif line == end:
                end = None


def unknown(words: list[str]) -> set[str]:
    """What a line names that there is not."""
    first, *rest = words or [""]
    # For kubectl, deploy/… is a deployment.
    wrong = {word for word in words if _FILE.fullmatch(word) and not _is_there(word)} if first != "kubectl" else set()
    if first == "tg-parser":
        wrong |= _of_the_program(rest)
    elif first == "kubectl" and "--" in rest:
        _, *given = rest[rest.index("--") + 1 :]
        wrong |= _of_the_program(given)
    elif first in {"systemctl", "journalctl"}:
        wrong |= {word for word in rest if word.startswith("tg-parser") and not _is_unit(word)}
    elif first == "make":
        wrong |= set(rest) - TARGETS
    elif [first, *rest[:1]] == ["docker", "compose"]:
        wrong |= _of_compose(rest[1:])
    return wrong


def _is_there(word: str) -> bool:
    return word in MADE or any(ROOT.glob(word.rstrip("/")))


def _is_unit(word: str) -> bool:
    if not _UNIT.fullmatch(word):
        return False
    name = re.sub(r"@\d", "@", word)
    name = name if re.search(r"\.(service|timer|target)$|\*$", name) else f"{name}.service"
    return any(fnmatch(unit, name) for unit in UNITS)


def _of_the_program(words: list[str]) -> set[str]:
    given = words[: next((at for at, word in enumerate(words) if word in {"|", ">"}), len(words))]
    known, used = known_options(given)
    return used - known


def _of_compose(words: list[str]) -> set[str]:
    """Profiles, files and services; and what is given to tg-parser in one of them."""
    rest, named = list(words), []
    wrong = set()
    while rest:
        word = rest.pop(0)
        if word in _WITH_VALUE:
            value = rest.pop(0)
            wrong |= {value} if word == "--profile" and value not in PROFILES else set()
            wrong |= {value} if word == "-f" and value not in {PRODUCTION.name, DEVELOPMENT.name} else set()
            wrong |= {value} if word == "--scale" and value.partition("=")[0] not in SERVICES else set()
        elif not word.startswith("-"):
            named.append(word)
            if named[0] in {"exec", "run"} and len(named) == 2:
                break
    verb, *services = named
    wrong |= {each for each in services if verb in _TAKES_SERVICES and each not in SERVICES}
    if verb == "exec" and rest[:1] == ["tg-parser"]:
        wrong |= _of_the_program(rest[1:])
    if verb == "run" and services and services[0] in OWN:
        wrong |= _of_the_program(rest)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_what_an_operator_types_exists(page: Path) -> None:
    """Every `bash` line names services, profiles, units, commands, options, targets and files that there are."""
    for words in typed(page):
        assert unknown(words) == set(), " ".join(words)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("sudo systemctl start tg-parser-web.service", {"tg-parser-web.service"}),
        ("sudo systemctl enable --now tg-parser-worker@2 tg-parser.target", set()),
        ("docker compose --profile metrics up -d", {"metrics"}),
        ("docker compose up -d --scale workers=3", {"workers=3"}),
        ("docker compose stop tg_parser redis web", {"web"}),
        ("docker compose run --rm migrate db upgrade --sideways", {"--sideways"}),
        ("docker compose exec tg_parser tg-parser status --source x --verbose", {"--verbose"}),
        ("sudo tg-parser keys create x --rights all | sudo tee key", {"--rights"}),
        ("sudo install -m 644 deploy/systemd/*.socket /etc/systemd/system/", {"deploy/systemd/*.socket"}),
        ("kubectl -n kb exec deploy/kb-tg-parser-api -- tg-parser doctor --quick", {"--quick"}),
        ("make instal", {"instal"}),
    ],
)
def test_what_does_not_exist_is_noticed(line: str, wrong: set[str], tmp_path: Path) -> None:
    """The look-ups above find what is wrong, and only that."""
    page = tmp_path / "page.md"
    page.write_text(f"```bash\n{line}\n```\n", "utf-8")
    assert [unknown(words) for words in typed(page)] == [wrong]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_named_benchmarks_exist(page: Path) -> None:
    """A page that tells how a number was measured names a program that is there."""
    named = set(re.findall(r"benchmarks/\w+\.py", page.read_text("utf-8")))
    assert {name for name in named if not (ROOT / name).exists()} == set()
