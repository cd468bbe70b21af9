"""What a model said about messages near the threshold of a wanted topic, stored with the topic (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import KNOWN, KnownTopic, WantedTopic

_HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a message belongs, and why."""

    belongs: bool
    why: str


Verdicts = Mapping[tuple[int, int], Membership]
"""By position of the wanted topic and row of the message."""


def remembered(
    wanted: Sequence[WantedTopic], corpus: Corpus, known: Sequence[KnownTopic]
) -> dict[tuple[int, int], Membership]:
    """The verdicts of earlier runs that still hold: neither the topic's words nor the message's have changed."""
    rows = {document.source_ref: row for row, document in enumerate(corpus.documents)}
    asked = {_key(one.text): place for place, one in enumerate(wanted)}
    found: dict[tuple[int, int], Membership] = {}
    for topic in known:
        judged = topic.card.metadata.get("judged") if topic.card.metadata.get("origin") == KNOWN else None
        if judged is None or judged["topic"] not in asked:
            continue
        for ref, said in judged["messages"].items():
            row = rows.get(ref)
            if row is not None and said["text"] == _key(corpus.documents[row].text):
                found[asked[judged["topic"]], row] = Membership(said["belongs"], said["why"])
    return found


def record(wanted: WantedTopic, verdicts: Mapping[int, Membership], corpus: Corpus) -> dict[str, Any]:
    """The verdicts about one topic, by row, as its card stores them."""
    messages = {
        corpus.documents[row].source_ref: {
            "belongs": verdicts[row].belongs,
            "why": verdicts[row].why,
            "text": _key(corpus.documents[row].text),
        }
        for row in sorted(verdicts)
    }
    return {"topic": _key(wanted.text), "messages": messages}


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
