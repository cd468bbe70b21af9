"""Makes the search index entry of a document, and the marks by which filters find it (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from zlib import crc32

from tg_parser.domain.search_entries import ALL, SAMPLE, SAMPLE_RATE, SearchEntry, entry_number
from tg_parser.nlp.embeddings import text_hash
from tg_parser.nlp.links import LINK
from tg_parser.nlp.terms import terms
from tg_parser.nlp.words import folded

Has = Literal["link", "media", "question"]
_QUESTION_MARKS = frozenset("?？؟")
MOST_TERMS = 20_000
"""Of a longer text, only the beginning is found by its words."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the index takes from a document and its message."""

    source_ref: str
    channel_id: str
    message_id: str
    message_type: str
    date: datetime
    text: str
    language: str | None = None
    tone: str | None = None
    authors: tuple[str, ...] = ()
    """The id and the name of the author, as far as they are known."""
    entities: tuple[str, ...] = ()
    """The types of what was found in the text."""
    media: tuple[str, ...] = ()
    """The kinds of what is attached."""

    @classmethod
    def of_stored(cls, row: Mapping[str, Any]) -> Self:
        """A stored document with the facts of its message."""
        return cls(
            source_ref=row["source_ref"],
            channel_id=row["channel_id"],
            message_id=row["source_message_id"],
            message_type=row["message_type"],
            date=row["message_date"],
            text=row["text_clean"],
            language=row["language"],
            tone=row["sentiment"] and row["sentiment"]["label"],
            authors=(row["author_id"] or "", row["author_name"] or ""),
            entities=tuple(entity["type"] for entity in row["entities"]),
            media=tuple(media["kind"] for media in row["media"] or ()),
        )


def entry_of(one: Indexed) -> SearchEntry:
    """The entry of a document."""
    words = [term.text for term, _ in zip(terms(one.text), range(MOST_TERMS), strict=False)]
    in_sample = crc32(one.source_ref.encode()) % SAMPLE_RATE == 0
    sample = (f"{SAMPLE}{term}" for term in dict.fromkeys([*words, ALL])) if in_sample else ()
    return SearchEntry(
        number=entry_number(
            int(one.date.timestamp()),
            int(one.message_id) if one.message_id.isdecimal() else crc32(one.message_id.encode()),
            is_comment=one.message_type == "comment",
            chat=crc32(one.channel_id.encode()),
        ),
        source_ref=one.source_ref,
        text_hash=text_hash(one.text),
        length=len(words),
        terms=" ".join([*words, *_marks(one), *sample]),
    )


def channel_mark(channel_id: str) -> str:
    """The mark of the messages of a channel."""
    return f"=channel:{channel_id}"


def kind_mark(message_type: str) -> str:
    """The mark of posts, or of comments."""
    return f"=type:{message_type}"


def language_mark(language: str) -> str:
    """The mark of texts in a language."""
    return f"=lang:{_digest(language)}"


def tone_mark(tone: str) -> str:
    """The mark of texts with a tone."""
    return f"=tone:{tone}"


def has_mark(what: Has) -> str:
    """The mark of messages with a link, media or a question."""
    return f"=has:{what}"


def author_mark(author: str) -> str:
    """The mark of the messages of an author, by name or id."""
    return f"=author:{_digest(author.lstrip('@'))}"


def _marks(one: Indexed) -> Iterator[str]:
    yield ALL
    yield channel_mark(one.channel_id)
    yield kind_mark(one.message_type)
    if one.language:
        yield language_mark(one.language)
    if one.tone:
        yield tone_mark(one.tone)
    yield from (has_mark(what) for what in _had(one))
    yield from sorted({author_mark(author) for author in one.authors if author})


def _had(one: Indexed) -> Iterator[Has]:
    if "link" in one.entities or LINK.search(one.text):
        yield "link"
    if set(one.media) - {"webpage"}:
        yield "media"
    if not _QUESTION_MARKS.isdisjoint(one.text):
        yield "question"


def _digest(text: str) -> str:
    """A name as letters and digits, whatever it is written in."""
    return hashlib.sha256(folded(text).strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]
