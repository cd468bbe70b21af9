"""Reasons why collecting left something out or changed it, as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import tg_parser
from tg_parser.cli.reasons import SENTENCES, reason_lines

COUNTED = {
    "skipped:": r'(?:SkippedElement\(|skipped\[)"(\w+)"',
    "note:": r'(?:notes\[|_count\(|"note:|notes = \()"?(\w+)"|notes, "(\w+)"|\{"(invalid_utf8)":',
}


def test_every_reason_has_a_sentence() -> None:
    """The names that the collecting code counts under and the table of sentences are the same."""
    folder = Path(tg_parser.__file__).parent
    sources = [path.read_text("utf-8") for part in ("ingestion", "services") for path in (folder / part).rglob("*.py")]
    found = {
        prefix + next(filter(None, groups.groups()))
        for prefix, pattern in COUNTED.items()
        for text in sources
        for groups in re.finditer(pattern, text)
    }
    assert found == set(SENTENCES)


def test_a_line_says_how_many_and_what_to_do() -> None:
    """One of a kind and several; what is no reason, or did not happen, is not told."""
    counts = {"seen": 5, "new": 5, "skipped:no_id": 1, "note:control_character": 3, "skipped:no_date": 0}
    assert list(reason_lines(counts)) == [
        "3 control characters replaced by a space.",
        "1 message skipped: the id is missing; export the chat again if something is missing.",
    ]


def test_a_reason_without_a_sentence_is_told_by_its_name() -> None:
    """A reason that was stored by another version does not vanish."""
    assert list(reason_lines({"skipped:novel": 2})) == ["2 times counted as skipped:novel."]
