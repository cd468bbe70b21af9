"""People, organisations and places of English text, by rules: runs of capitals, and what kind a word in or before says.

A run that nothing speaks for is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tg_parser.nlp.embeddings import is_common_word
from tg_parser.nlp.name_forms_ru import WrittenName
from tg_parser.nlp.names_en_words import (
    ARTICLES,
    DEMONYMS,
    NO_NAMES,
    ORG_HEADS,
    ORG_LAST,
    PLACE_FIRST,
    PLACE_LAST,
    SPEAKING,
    TITLES,
    UNSURE_GIVEN,
    WHERE,
)
from tg_parser.nlp.words import stop_words

_WORD = r"(?:(?:St|Mt)\.(?= )|(?:[A-Z]\.)+(?![a-z])|[A-ZÀ-ÖØ-Þ](?:[\w&]|[-’'](?=\w))*)"
_INNER = r"of the|of|de la|de|da|van der|van|von der|von|bin|al|el|&"
_RUN = re.compile(rf"(?<![\w@#/.]){_WORD}(?:[ \u00a0](?:(?:{_INNER})[ \u00a0])?{_WORD})*")
_POSSESSIVE = re.compile(r"[’']s?$")
_BREAK = re.compile(r"[.!?…:;]['\"”’)]*[ \u00a0]+['\"“‘(]*$|\n[^\w]*$|^[^\w]*$|[•*\"“‘—–][ \u00a0]?$")
_SURNAME = re.compile(r"(?:Ma?c|O’|O')?[A-Z][a-z]+(?<!ing)(?<!ed)(?<!ion)(?<!ism)(?<!ics)(?<!ian)(?<!cy)")
_BEFORE = re.compile(r"([A-Za-z]+)\.?,? ?$")
_AFTER = re.compile(r",? ([a-z]+)")
_LOOKED_BACK = 24
_MOST_WORDS = 4
_LONGEST = 7
_CROWDED = 0.85
"""A line with a larger share of capitals is a headline: there a capital says nothing."""


class _Run(NamedTuple):
    """Words with capitals, the word before and the small one after them; in a headline capitals say nothing."""

    words: tuple[str, ...]
    before: str
    after: str
    is_headline: bool


def english_names(text: str) -> list[WrittenName]:
    """The names in `text`, each once; a surname alone is the person named in full before."""
    found: dict[WrittenName, None] = {}
    people: dict[str, WrittenName] = {}
    for run in _runs(text):
        if len(run.words) == 1 and run.words[0] in people and run.words[0] not in _places():
            continue
        for name in _names_in(run):
            found[name] = None
            if name.kind == "person" and " " in name.text:
                people[name.text.split()[-1]] = name
    return [name for name in found if not (name.kind == "person" and name.text in people)]


def _runs(text: str) -> Iterator[_Run]:
    for line in re.finditer(r"[^\n]+", text):
        is_headline = _is_headline(line[0])
        for match in _RUN.finditer(text, line.start(), line.end()):
            before = text[max(0, match.start() - _LOOKED_BACK) : match.start()]
            words = re.split(r"[ \u00a0]", match[0])
            if _BREAK.search(before):
                words = _without_common_first(words)
            words[-1:] = [_POSSESSIVE.sub("", word) for word in words[-1:]]
            if words and words[-1]:
                said = _BEFORE.search(before)
                after = _AFTER.match(text, match.end())
                yield _Run(tuple(words), said[1] if said else "", after[1] if after else "", is_headline)


def _is_headline(line: str) -> bool:
    words = [word for word in re.findall(r"[A-Za-z][\w’']+", line) if len(word) > 3]
    return len(words) >= 6 and sum(word[0].isupper() for word in words) > _CROWDED * len(words)


def _without_common_first(words: list[str]) -> list[str]:
    """At the start of a sentence every word has a capital: function words go."""
    while words and (words[0].lower() in stop_words("en") or (len(words) > 1 and _is_no_part(words))):
        words = words[1:]
        while words and words[0][0].islower():
            words = words[1:]
    return words


def _is_no_part(words: Sequence[str]) -> bool:
    """Whether the first of `words` is a noun that only begins the sentence: “Members of the Labour Party”."""
    return words[0] in NO_NAMES or (words[1][0].islower() and words[0] not in ORG_HEADS | PLACE_FIRST)


def _names_in(run: _Run) -> Iterator[WrittenName]:
    """The names in a run: the whole of it, or the known ones inside."""
    words, before = list(run.words), run.before
    while len(words) > 1 and (words[0] in TITLES or (words[0] in DEMONYMS and not _is_whole(words))):
        before = words[0] if words[0] in TITLES else before
        words = words[1:]
        while words and words[0][0].islower():
            words = words[1:]
    if not words:
        return
    kind = _kind(words, before, run)
    if kind:
        yield WrittenName(kind, " ".join(words))
    elif len(words) > 1:
        yield from _inside(words)


def _is_whole(words: Sequence[str]) -> bool:
    """Whether the adjective before them is part of the name: “British Airways”, “Southern California”."""
    return _is_organisation(words) or " ".join(words) in _places() or words[-1] in PLACE_LAST


def _kind(words: Sequence[str], before: str, run: _Run) -> str | None:
    name = " ".join(words)
    if name in _places():
        return "place"
    if name in _orgs():
        return "org"
    if run.is_headline:
        return "person" if _begins_like_a_person(words) and len(words) > 1 else None
    if len(words) > _LONGEST:
        return None
    rules = (("org", _is_org), ("place", _is_on_maps), ("person", _is_person), ("place", _is_where))
    return next((kind for kind, fits in rules if fits(words, before, run)), None)


def _is_on_maps(words: Sequence[str], _before: str, _run: _Run) -> bool:
    return len(words) > 1 and (words[-1] in PLACE_LAST or words[0] in PLACE_FIRST)


def _is_where(words: Sequence[str], before: str, _run: _Run) -> bool:
    """Whether something is in it: “in Uppsala”."""
    is_plain = len(words) <= 2 and not set(words) & (NO_NAMES | DEMONYMS)
    return is_plain and before in WHERE and not any(word.isupper() or is_common_word(word) for word in words)


def _is_org(words: Sequence[str], _before: str, _run: _Run) -> bool:
    return _is_organisation(words)


def _is_organisation(words: Sequence[str]) -> bool:
    inner = [place for place, word in enumerate(words) if word[0].islower()]
    if words[0] in ORG_HEADS and inner[:1] == [1]:
        return True
    last = words[(inner or [len(words)])[0] - 1]
    is_team = words[-1].endswith("s") and words[-1] not in NO_NAMES | PLACE_LAST and " ".join(words[:-1]) in _places()
    return len(words) > 1 and (is_team or words[-1] in ORG_LAST or (last in ORG_HEADS and last != words[0]))


def _is_person(words: Sequence[str], before: str, run: _Run) -> bool:
    if _begins_like_a_person(words):
        return True
    if not _may_be_a_person(words):
        return False
    if before in TITLES:
        return True
    return 1 < len(words) <= 3 and before not in ARTICLES and _is_like_a_person(words, before, run)


def _may_be_a_person(words: Sequence[str]) -> bool:
    shouted = any(word.isupper() and len(word) > 2 and "." not in word for word in words)
    return len(words) <= _MOST_WORDS and not shouted and not set(words) & (NO_NAMES | DEMONYMS | TITLES)


def _begins_like_a_person(words: Sequence[str]) -> bool:
    is_given = words[0] in _given() and (len(words) > 1 or words[0] not in UNSURE_GIVEN)
    return is_given and _may_be_a_person(words)


def _is_like_a_person(words: Sequence[str], before: str, run: _Run) -> bool:
    """By what is beside it; or two words that are rare enough."""
    if run.after in SPEAKING or before == "by":
        return not any(map(is_common_word, words))
    return len(words) == 2 and all(map(_is_surname, words))


def _is_surname(word: str) -> bool:
    return _SURNAME.fullmatch(word) is not None and not is_common_word(word)


def _inside(words: Sequence[str]) -> Iterator[WrittenName]:
    """Known places, organisations and people in a longer run, the longest first."""
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + _MOST_WORDS), start, -1):
            name = _POSSESSIVE.sub("", " ".join(words[start:end]))
            kind = "place" if name in _places() else "org" if name in _orgs() else None
            if kind is None and end - start == 2 and _is_full_name(words[start:end]):
                kind = "person"
            if kind:
                yield WrittenName(kind, name)
                start = end
                break
        else:
            start += 1


def _is_full_name(words: Sequence[str]) -> bool:
    given, surname = words
    return given in _given() and given not in UNSURE_GIVEN and surname[0].isupper() and surname not in NO_NAMES


@cache
def _places() -> frozenset[str]:
    return _lines("places")


@cache
def _orgs() -> frozenset[str]:
    return _lines("orgs")


@cache
def _given() -> frozenset[str]:
    return frozenset(word for line in _lines("given") for word in line.split())


def _lines(name: str) -> frozenset[str]:
    listing = files("tg_parser.nlp").joinpath("data", "names_en", f"{name}.txt")
    return frozenset(line.strip() for line in listing.read_text("utf-8").splitlines() if line.strip())
