"""Extractive summary: the sentences that represent a text best, word for word."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tg_parser.nlp.boilerplate import without_service_lines
from tg_parser.nlp.links import LINK, without_links
from tg_parser.nlp.sentences import sentences
from tg_parser.nlp.standing import ENDS, is_balanced, leans, points_back, without_time_stamp
from tg_parser.nlp.words import stem, stop_words, words

SHORT = 280
"""A text shorter than this is its own summary."""
_LOOKED_AT = 20_000
_BUDGET = 420
_MIN_SENTENCE, _MAX_SENTENCE = 30, 400
_DECORATION = re.compile(r"^(?:[^\w\"'«“‘„(\[$€£#@+-]|\d️)+")
_LIST_ITEM = re.compile(r"[-–—•·▪▫◦*]\ufe0f?\s|\d{1,2}[.)]\s")
_CALL = re.compile(
    r"\b(?:подробн\w+|читать|читайте|читаем|регистр\w+|подпис\w+|переход\w+|ссылк\w+|смотрите|узнайте|рассказываем"
    r"|разбираемся|присоединя\w+|заходите|приходите|промокод\w*|click|subscribe|read more|join|sign up|register"
    r"|learn more|details)\b",
    re.IGNORECASE,
)
"""Words that ask the reader to go elsewhere."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: int
    text: str
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Text:
    """The text that a sentence is scored against."""

    counts: Mapping[str, int]
    title: frozenset[str]
    sentence_count: int


def summarize(text: str, language: str | None) -> str | None:
    """One to three whole sentences of `text` in their order; None if the text is short or has no such sentences."""
    if len(text) < SHORT:
        return None
    found = sentences(without_service_lines(text[:_LOOKED_AT]), language)
    if len(text) > _LOOKED_AT:
        found.pop()  # it may be cut
    found = [without_time_stamp(_DECORATION.sub("", one)) for one in found if not _LIST_ITEM.match(one)]
    chosen = _choose(_ranked(found, language or ""), 1 if len(text) < 600 else 2 if len(text) < 1500 else 3)
    summary = " ".join(sentence.text for sentence in sorted(chosen, key=lambda sentence: sentence.place))
    return summary if summary and len(summary) < 0.8 * len(text) else None


def _ranked(found: Sequence[str], language: str) -> list[_Sentence]:
    """The sentences that a summary may use, the best first."""
    stems = [_stems(sentence, language) for sentence in found]
    title = stems[0] if found and not ENDS.search(found[0]) else frozenset[str]()
    whole = _Text(Counter(root for own in stems for root in own), title, len(found))
    able = [
        _Sentence(place, text, own)
        for place, (text, own) in enumerate(zip(found, stems, strict=True))
        if own and _may_stand(text)
    ]
    return sorted(able, key=lambda sentence: (-_score(sentence, whole), sentence.place))


def _stems(sentence: str, language: str) -> frozenset[str]:
    stop = stop_words(language)
    return frozenset(
        stem(word, language) for word in words(without_links(sentence)) if word not in stop and len(word) > 2
    )


def _may_stand(sentence: str) -> bool:
    """Whether it is a full sentence that can be read alone: no heading, list item, lone link or half of a quotation."""
    bare = LINK.sub("", sentence).strip()
    return (
        len(bare) >= _MIN_SENTENCE
        and len(sentence) <= _MAX_SENTENCE
        and ENDS.search(sentence) is not None
        and not leans(sentence)
        and is_balanced(sentence)
    )


def _score(sentence: _Sentence, whole: _Text) -> float:
    own, title = sentence.stems, whole.title
    central: float = sum(math.log(whole.counts[root]) + 0.25 for root in own) / (len(own) + 4) ** 0.75
    on_title = 1 + len(own & title) / (len(title) + 2)
    early = 1 / (0.75 + sentence.place / max(whole.sentence_count, 6))
    telling = min(1.0, len(sentence.text) / 70)
    pointing = 0.6 if points_back(sentence.text) else 1.0
    calling = 0.4 if _CALL.search(sentence.text) or LINK.search(sentence.text) else 1.0
    open_ended = 0.55 if sentence.text.rstrip("\"'»”’)").endswith(("?", "…", ":")) else 1.0
    return central * on_title * early * telling * pointing * calling * open_ended


def _choose(ranked: Iterable[_Sentence], most: int) -> list[_Sentence]:
    """The best sentences that do not repeat each other and together stay within the budget."""
    chosen: list[_Sentence] = []
    for sentence in ranked:
        length = sum(len(one.text) for one in chosen) + len(sentence.text)
        if len(chosen) < most and (not chosen or (length <= _BUDGET and not _repeats(sentence, chosen))):
            chosen.append(sentence)
    return chosen


def _repeats(sentence: _Sentence, chosen: Iterable[_Sentence]) -> bool:
    own = sentence.stems
    return any(len(own & one.stems) > min(len(own), len(one.stems)) / 2 for one in chosen)
