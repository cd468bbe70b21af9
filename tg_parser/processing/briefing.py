"""What a model is sent about a message, pure: its text as a reader sees it, cut if too long, and fenced context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tg_parser.domain.messages import Link
from tg_parser.llm.fencing import Fence
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.footers import ChannelProfile, without_footer
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.source_text import SourceText
from tg_parser.processing.analyzer import Task

_POST_CHARS, _PARENT_CHARS = 1_000, 500
"""How many characters of its post and of the comment it answers are sent with a comment."""
_BREAKS = tuple(re.compile(pattern) for pattern in (r"\n\n", r"\n", r"[.!?…]\s", r"\s"))
_LEAST_KEPT = 0.5

Blocks = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Brief:
    """A message ready to be sent: `source` is what is sent, `rest` what was too long for that."""

    task: Task
    source: SourceText
    links: tuple[Link, ...]
    rest: str
    context: Blocks

    @property
    def whole(self) -> str:
        """All of the message's text."""
        return self.source.text + self.rest


def brief(task: Task, profile: ChannelProfile, max_chars: int) -> Brief:
    """The cleaned message of `task` without the channel's signature, at most its first `max_chars`."""
    cleaned = clean(task.message.text)
    text = without_footer(cleaned.text, profile.footer_lines)
    sent = beginning(text, max_chars)
    return Brief(
        task=task,
        source=SourceText(sent, detect_language(sent)),
        links=(*cleaned.links, *task.message.links),
        rest=text[len(sent) :],
        context=tuple(_context(task)),
    )


def beginning(text: str, max_chars: int) -> str:
    """At most the first `max_chars` of `text`, cut at the end of a paragraph, a line, a sentence or a word."""
    if len(text) <= max_chars:
        return text
    least = int(max_chars * _LEAST_KEPT)
    for pattern in _BREAKS:
        if ends := [match.start() + 1 for match in pattern.finditer(text, least, max_chars)]:
            return text[: ends[-1]]
    return text[:max_chars]


def _context(task: Task) -> Iterator[tuple[str, str]]:
    """Labels and texts of what helps to understand the message."""
    if task.post_text:
        yield "POST", _shortened(task.post_text, _POST_CHARS)
    if task.parent_text:
        yield "ANSWERED COMMENT", _shortened(task.parent_text, _PARENT_CHARS)
    if task.remarks:
        yield "REMARKS", "\n".join(task.remarks)


def _shortened(text: str, max_chars: int) -> str:
    shown = beginning(clean(text).text, max_chars)
    return shown if len(shown) == len(text) else f"{shown.rstrip()} …"


def single_values(asked: Brief) -> dict[str, str]:
    """The variables of the prompt for one message."""
    fence = _fence([asked])
    return {
        "context": "\n".join(fence.block(label, text) for label, text in asked.context),
        "message": fence.block("MESSAGE", asked.source.text),
    }


def shared_values(asked: Sequence[Brief]) -> dict[str, str]:
    """The variables of the prompt for several messages, numbered from 1."""
    fence = _fence(asked)
    blocks = [
        fence.block(f"{label} {number}", text)
        for number, one in enumerate(asked, 1)
        for label, text in (*one.context, ("MESSAGE", one.source.text))
    ]
    return {"messages": "\n".join(blocks)}


def _fence(asked: Sequence[Brief]) -> Fence:
    return Fence.around(text for one in asked for text in (one.source.text, *(text for _, text in one.context)))
