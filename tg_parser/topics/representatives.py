"""The messages that represent a topic to a model: few and short, however many there are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import Group

MESSAGES = 8
CHARS = 600
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Representative:
    """A message as it is shown, cut to a limited length."""

    ref: str
    text: str
    is_anchor: bool


def representatives(group: Group, corpus: Corpus, most: int = MESSAGES) -> tuple[Representative, ...]:
    """The anchors and the best of the other messages, without duplicate texts."""
    anchors = {member.row for member in group.anchors}
    chosen: list[Representative] = []
    seen: set[str] = set()
    for row in group.rows:
        shown = shown_text(corpus.documents[row].text)
        if shown not in seen:
            seen.add(shown)
            chosen.append(Representative(corpus.documents[row].source_ref, shown, row in anchors))
        if len(chosen) == most:
            break
    return tuple(chosen)


def dated_texts(rows: Sequence[int], corpus: Corpus, most: int) -> list[str]:
    """The first different texts of `rows`, each after its day. They stay the same when later messages are added."""
    shown = dict[str, str]()
    for row in rows:
        text = shown_text(corpus.documents[row].text)
        shown.setdefault(text, f"{corpus.documents[row].date:%Y-%m-%d}\n{text}")
    return list(shown.values())[:most]


def shown_text(text: str, most: int = CHARS) -> str:
    """`text` with single spaces, at most `most` characters, cut between words."""
    flat = " ".join(text[: 4 * most].split())
    return flat if len(flat) <= most else flat[: most - 1].rsplit(" ", 1)[0] + _CUT


def fingerprint(shown: tuple[Representative, ...], description: str = "") -> str:
    """A digest that changes whenever a topic's representative messages do."""
    parts = (description, *(f"{one.ref}\x1f{one.is_anchor:d}\x1f{one.text}" for one in shown))
    return hashlib.sha256("\x1e".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
