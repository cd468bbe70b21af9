"""The query language: words, phrases and filters as a person types them (pure).

нефть цены               the more of these words a message has, and the rarer they are, the higher it stands
"exact phrase"  +word    must occur
-word  -"a phrase"       must not occur
"one" OR "other"         at least one of them must occur
from:@channel after:2024-11-01 before:week lang:ru topic:… type:comment has:link tone:negative author:"A. Name"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args

from tg_parser.domain.date_parsing import parse_date
from tg_parser.domain.documents import SentimentLabel
from tg_parser.domain.errors import InvalidQueryError

Has = Literal["link", "media", "question"]
HAS: tuple[Has, ...] = get_args(Has)
Kind = Literal["post", "comment"]
Alternatives = tuple[str, ...]
"""Phrases of which at least one must occur."""

_QUOTES = str.maketrans("«»“”„‟＂", '"' * 7)
_TOKEN = re.compile(r'(?P<sign>[-+]?)(?:(?P<key>[^\W\d]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
T = TypeVar("T", bound=str)
_OR = frozenset(("OR", "ИЛИ", "|"))
MOST_CHARS = 2_000
"""A longer query is cut: whoever pastes a text looks for messages like it, and its beginning is enough for that."""


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What a message must be, whatever it says. Dates are half-open; empty fields take everything."""

    channels: tuple[str, ...] = ()
    date_from: datetime | None = None
    date_to: datetime | None = None
    language: str | None = None
    topic: str | None = None
    kind: Kind | None = None
    has: frozenset[Has] = frozenset()
    tone: SentimentLabel | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for. `words` rank, `required` and `excluded` decide what is found at all."""

    words: tuple[str, ...] = ()
    required: tuple[Alternatives, ...] = ()
    excluded: tuple[str, ...] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)

    @property
    def said(self) -> str:
        """What is asked in words, without signs and filters: the text whose meaning is compared."""
        return " ".join([*self.words, *(phrase for group in self.required for phrase in group)])


def parse_query(written: str, now: datetime, given: SearchFilter | None = None) -> SearchQuery:
    """The query in `written`; its filters are added to those `given` as options. Raises InvalidQueryError."""
    parser = _Parser(now, given or SearchFilter())
    for token in _TOKEN.finditer(written[:MOST_CHARS].translate(_QUOTES)):
        parser.take(token)
    return parser.query()


class _Parser:
    """Takes one token after another."""

    def __init__(self, now: datetime, given: SearchFilter) -> None:
        self._now = now
        self._filter = given
        self._words: list[str] = []
        self._required: list[Alternatives] = []
        self._excluded: list[str] = []
        self._joins = False
        """Whether the last token was an OR."""

    def take(self, token: re.Match[str]) -> None:
        sign, key, word = token["sign"], token["key"], token["word"]
        text = word if word is not None else token["phrase"]
        if key is None and text.endswith(":") and (name := _filter_name(text[:-1])):
            self._restrict(name, "", excluded=sign == "-")
        elif key is not None and (name := _filter_name(key)):
            self._restrict(name, text, excluded=sign == "-")
        elif word in _OR and not sign and key is None:
            self._joins = True
            return
        elif text.strip("-+ "):
            self._add(sign, text if key is None else f"{key}:{text}", must=bool(sign) or word is None)
        self._joins = False

    def query(self) -> SearchQuery:
        return SearchQuery(tuple(self._words), tuple(self._required), tuple(self._excluded), self._filter)

    def _add(self, sign: str, text: str, *, must: bool) -> None:
        if sign == "-":
            self._excluded.append(text)
        elif not must:
            self._words.append(text)
        elif self._joins and self._required:
            self._required[-1] += (text,)
        else:
            self._required.append((text,))

    def _restrict(self, name: str, value: str, *, excluded: bool) -> None:
        if excluded:
            raise InvalidQueryError(
                f"-{name}: is not possible.", "Only words and phrases can be excluded.", filter=name
            )
        if not value.strip():
            raise InvalidQueryError(f"{name}: needs a value.", f"For example {_EXAMPLES[name]}.", filter=name)
        self._filter = _restricted(self._filter, name, value.strip(), self._now)


_EXAMPLES = {
    "from": "from:@channel",
    "after": "after:2024-11-01",
    "before": "before:2024-12-01",
    "lang": "lang:ru",
    "topic": "topic:topic:tg:-100123:post:1",
    "type": "type:comment",
    "has": "has:link",
    "tone": "tone:negative",
    "author": 'author:"A. Name"',
}
_DATES = {"after": "date_from", "before": "date_to"}
_CHOICES = {"type": ("kind", get_args(Kind)), "tone": ("tone", get_args(SentimentLabel))}
_TEXTS = {"lang": "language", "topic": "topic", "author": "author"}
FILTERS = tuple(_EXAMPLES)
_CLOSE = 0.75


def _filter_name(key: str) -> str | None:
    """The filter that `key` names; None for words with a colon, such as "re:Invent". Raises InvalidQueryError."""
    lowered = key.lower()
    if lowered in _EXAMPLES:
        return lowered
    if close := get_close_matches(lowered, FILTERS, 1, _CLOSE):
        raise InvalidQueryError(
            f"There is no filter {key}:.", f"Did you mean {close[0]}:? To search for the words, quote them.", filter=key
        )
    return None


def _restricted(old: SearchFilter, name: str, value: str, now: datetime) -> SearchFilter:
    changed: dict[str, Any]
    if name == "from":
        changed = {"channels": (*old.channels, value)}
    elif name == "has":
        changed = {"has": old.has | {one_of(name, value, HAS)}}
    elif name in _DATES:
        changed = {_DATES[name]: parse_date(value, now)}
    elif name in _CHOICES:
        attribute, allowed = _CHOICES[name]
        changed = {attribute: one_of(name, value, allowed)}
    else:
        changed = {_TEXTS[name]: value}
    return replace(old, **changed)


def one_of(name: str, value: str, allowed: tuple[T, ...]) -> T:
    """The one of `allowed` that the value of a filter names. Raises InvalidQueryError."""
    for one in allowed:
        if value.lower() == one:
            return one
    listed = ", ".join(allowed)
    raise InvalidQueryError(f"{name}:{value} is not possible.", f"{name}: takes {listed}.", filter=name)
