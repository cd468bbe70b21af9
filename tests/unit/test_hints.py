"""Errors carry codes and facts; what to do about them in commands and options is the command line's to say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tg_parser
from tg_parser.cli.hints import HINTS, LOOKS, hint_of, with_looks
from tg_parser.domain.errors import (
    InvalidRefError,
    RateLimitedError,
    SourceError,
    TgParserError,
    UnknownSourceError,
)
from tg_parser.domain.utc_time import utc_now

ROOT = Path(tg_parser.__file__).parent


def strings(tree: ast.Module) -> list[str]:
    """Every string of a module but its docstrings."""
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(_docstring(node)) for node in ast.walk(tree) if isinstance(node, described)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def _docstring(node: Any) -> ast.Constant | None:
    first = node.body[0].value if node.body and isinstance(node.body[0], ast.Expr) else None
    return first if isinstance(first, ast.Constant) else None


def modules() -> Iterator[tuple[str, str]]:
    """Every module outside the command line, by its path."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("cli/"):
            yield name, path.read_text("utf-8")


def test_no_command_is_named_below_the_command_line() -> None:
    """Other interfaces use the same services, and have other words for what to do."""
    named = [(name, text) for name, source in modules() for text in strings(ast.parse(source)) if "tg-parser " in text]
    assert named == []


def test_every_case_has_a_hint_and_every_hint_a_case() -> None:
    """The cases that are raised, the findings of the inspector, and the tables of the command line are the same."""
    sources = "".join(source for _, source in modules())
    stated = set(re.findall(r'case(?: = |=|: str = )"(\w+)"', sources))
    stated |= set(re.findall(r'case = "\w+" if .* else "(\w+)"', sources)) | {"schema_behind", "schema_lacks_parts"}
    assert stated == HINTS.keys()
    inspected = (ROOT / "agents/quality.py").read_text("utf-8")
    assert {case for case in LOOKS if f'"{case}"' in inspected} == LOOKS.keys()


def test_codes_are_unique() -> None:
    """A code says one kind of error."""
    codes = [kind.code for kind in kinds(TgParserError)]
    assert len(codes) == len(set(codes)) == 49


def kinds(kind: Any) -> list[Any]:
    own = [kind] if kind.__module__.startswith("tg_parser.domain.errors.") else []
    return own + [each for narrower in kind.__subclasses__() for each in kinds(narrower)]


def test_errors_carry_their_facts() -> None:
    """What a program needs is no part of a sentence alone."""
    until = utc_now()
    assert RateLimitedError("reading", until).data == {"retry_at": until}
    assert InvalidRefError("x", "tg:…").data == {"value": "x"}
    assert (RateLimitedError.code, UnknownSourceError.code) == ("rate_limited", "unknown_source")


def test_hint_of_a_case_is_filled_with_its_facts() -> None:
    """An error's own hint wins; without hint and case there is none."""
    taken = SourceError("No.", case="filled_from_exports", source_id="news")
    assert hint_of(taken) == (
        "Give the file: tg-parser ingest --source news --from-export result.json; or switch to reading "
        "the channel itself: tg-parser add-source --source-id news --via web"
    )
    assert hint_of(SourceError("No.", "Wait.", case="handoff")) == "Wait."
    assert hint_of(SourceError("No.")) is None


def test_findings_are_told_with_how_to_look_at_them() -> None:
    """Steps without findings stay as they are."""
    steps = {
        "quality": {"findings": [{"channel": "c", "what": "7 messages are waiting.", "case": "waiting"}]},
        "export": {},
    }
    assert with_looks(steps)["quality"]["findings"][0]["look"] == "tg-parser process"
    assert with_looks({"export": {}}) == {"export": {}}
    assert with_looks(None) == {}


def test_a_fact_that_is_missing_leaves_a_gap() -> None:
    """An error is shown, whatever it does not state."""
    assert hint_of(TgParserError("Gone.", case="became_supergroup")) == (
        "Collect the supergroup: tg-parser run …; for earlier messages of the group, import a Telegram Desktop export."
    )
