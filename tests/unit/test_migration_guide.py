"""The migration guide explains every word of a report, as the report has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from documented import ROOT

from tg_parser.transfer.legacy.rules import REKEYED
from tg_parser.transfer.rows.fields import kind_of
from tg_parser.transfer.write import TAKEN

GUIDE = (ROOT / "MIGRATION_GUIDE_SQLITE_TO_POSTGRES.md").read_text("utf-8").replace("\\|", "|")
TRANSFER = ROOT / "tg_parser/transfer"
WORDS_IN = {"InvalidRowError": 0, "Note": 1}
"""What the reasons and changes of rows are made with, and which of its arguments says it."""


def said(node: ast.expr) -> str:
    """The constant part of a text in the code, without details in brackets; with … for what is put in."""
    if isinstance(node, ast.Constant):
        return kind_of(str(node.value))
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return kind_of("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts))


def words(source: Path) -> Iterator[str]:
    """The reasons and changes that a module gives."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if isinstance(node, ast.Call) and name in WORDS_IN:
            text = re.sub(r"^…: ", "", said(node.args[WORDS_IN[name]]))
            yield from [text] if re.search("[a-z]", text) else []


def changes_of_values() -> Iterator[str]:
    """What the conversion of a value gives as the second of a pair, beside the value."""
    tree = ast.parse((TRANSFER / "rows/values.py").read_text("utf-8"))
    for pair in (node for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 2):
        for each in ast.walk(pair.elts[1]):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value.split()) > 1:
                yield each.value


def test_every_word_of_a_report_is_explained() -> None:
    """Each reason for quarantine and each change stands in the guide, in the code's words."""
    given = {*changes_of_values(), REKEYED, TAKEN}
    given |= {text for source in TRANSFER.rglob("*.py") for text in words(source)}
    assert given >= {"an impossible time", "NUL removed", "unknown status: paused", "… is missing"}
    explained = [re.escape(text).replace("…", r"(?:\w+|…)") for text in given]
    missing = {text for text, pattern in zip(given, explained, strict=True) if not re.search(pattern, GUIDE)}
    assert missing == set()
