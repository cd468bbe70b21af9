"""The router (pure): is a message worth a model, or do the text tools read it as well? With reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tg_parser.nlp.links import without_links
from tg_parser.nlp.noise import has_words, is_advertisement
from tg_parser.nlp.words import words
from tg_parser.processing.analyzer import Task

Depth = Literal["simple", "deep"]

FEW_WORDS = 12
"""With fewer words there is nothing to summarise and no subject to find; tools clean them as well as a model."""
LONG_WORDS = 60
_MOSTLY_LINKS = 0.6
_READ_CHARS = 20_000
_FIGURE = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes and why."""

    depth: Depth
    reasons: tuple[str, ...]


def route(task: Task) -> Route:
    """`simple` if a model would not read the message better, else `deep`. The same message always goes the same way."""
    message, text = task.message, task.message.text[:_READ_CHARS].strip()
    bare = without_links(text)
    if not has_words(bare):
        return Route("simple", ("no words",))
    if len(text) - len(bare) >= _MOSTLY_LINKS * len(text):
        return Route("simple", ("mostly links",))
    said = words(bare)
    if len(said) < FEW_WORDS:
        return Route("simple", ("few words",))
    if is_advertisement(message):
        return Route("simple", ("advertisement",))
    return Route("deep", _why_deep(task, len(said), text))


def _why_deep(task: Task, count: int, text: str) -> tuple[str, ...]:
    reasons = ["long text" if count >= LONG_WORDS else "whole sentences"]
    if task.message.message_type == "comment":
        reasons.append("comment in a thread")
    if _FIGURE.search(text):
        reasons.append("figures")
    return tuple(reasons)
