"""People, organisations and places of Russian texts, with the optional `ner` extra (natasha)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from threadpoolctl import ThreadpoolController

from tg_parser.domain.documents import Entity

_LOOKED_AT = 20_000
_TYPES = {"PER": "person", "ORG": "org", "LOC": "place"}
_CONFIDENCE = 0.8


class NameSpan(Protocol):
    """A part of the text that the recogniser took for a name."""

    type: str
    text: str


def names_available() -> bool:
    """Whether the `ner` extra is installed."""
    return find_spec("natasha") is not None


def find_names(text: str) -> list[Entity]:
    """The names in a Russian `text` in order, as written; none without the `ner` extra."""
    return named(_recogniser()(text[:_LOOKED_AT])) if names_available() and text else []


def named(spans: Iterable[NameSpan]) -> list[Entity]:
    """The entities for `spans`, without kinds that are not kept."""
    return [
        Entity(type=_TYPES[span.type], value=" ".join(span.text.split()), confidence=_CONFIDENCE)
        for span in spans
        if span.type in _TYPES and len(span.text.strip()) > 1
    ]


@cache
def _recogniser() -> Callable[[str], list[NameSpan]]:
    # Optional, and 0.9 s to load.
    from natasha import Doc, NewsEmbedding, NewsNERTagger, Segmenter  # noqa: PLC0415

    segmenter, tagger = Segmenter(), NewsNERTagger(NewsEmbedding())
    threads = ThreadpoolController()

    def recognise(text: str) -> list[NameSpan]:
        document = Doc(text)
        document.segment(segmenter)
        with threads.limit(limits=1):  # its matrices are small: threads make it up to eight times slower
            document.tag_ner(tagger)
        return list(document.spans)

    return recognise
