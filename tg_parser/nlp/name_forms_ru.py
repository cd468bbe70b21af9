"""Russian names in the nominative, each once however its forms differ."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tg_parser.nlp.inflection_ru import nominative_of, nominatives, written_like
from tg_parser.nlp.morphology_ru import RUSSIAN_WORD, WordReading, is_everyday, is_known, readings
from tg_parser.nlp.words import stem

_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_INFLECTED_ACRONYM = re.compile(r"([А-ЯЁ]{2,})(?:а|у|ом|е|ы)")
_IN_IYA = re.compile(r"([А-ЯЁ].+и)(?:и|ю|ей)")
_INITIALS = re.compile(r"(?:[А-ЯЁA-Z]\.?)+")
_NAMED = 20
"""How much likelier a word in a person's name is a reading as a name than another."""
_BARE_IS_LIKELIER = 2
"""How much likelier a person stands in the nominative than in another case of the same form."""
_GUESSED = 1.0
"""The weight of a reading that only the ending suggests."""
_UNCHANGED = 0.05
"""The weight of a woman's name that has one form for all cases."""
_CONSONANTS = frozenset("бвгджзклмнпрстфхцчшщ")
_SLAVIC_NAME = re.compile(r".+(?:[оеё]в|[иы]н)(?:|а|у|ым|е|ой)")
_SLAVIC: dict[str, dict[str, tuple[str, ...]]] = {
    "masc": {"nomn": ("",), "gent": ("а",), "accs": ("а",), "datv": ("у",), "ablt": ("ым",), "loct": ("е",)},
    "femn": {"nomn": ("а",), "gent": ("ой",), "datv": ("ой",), "accs": ("у",), "ablt": ("ой",), "loct": ("ой",)},
}
"""Endings of surnames such as “Развожаев”."""
_PLAIN: dict[str, dict[str, tuple[str, ...]]] = {
    "masc": {"nomn": ("",), "gent": ("а",), "accs": ("а",), "datv": ("у",), "ablt": ("ом", "ем"), "loct": ("е",)},
    "femn": dict.fromkeys(_CASES, ("",)),
}


class WrittenName(NamedTuple):
    """A name of `kind` person, org or place, as a text has it."""

    kind: str
    text: str


def in_nominative(names: Sequence[WrittenName]) -> list[WrittenName]:
    """Each name once, in the order of first mention; a surname alone is the person named in full elsewhere."""
    groups: dict[tuple[str, ...], Counter[str]] = {}
    for name in names:
        groups.setdefault(_key(name), Counter())[name.text] += 1
    for key in [key for key in groups if key[0] == "person"]:
        whole = next((other for other in groups if len(other) > len(key) and _ends_with(other, key)), None)
        if whole:
            del groups[key]
    return [WrittenName(key[0], _nominative(key[0], forms)) for key, forms in groups.items()]


def _ends_with(key: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return key[0] == end[0] and key[1 - len(end) :] == end[1:]


def _key(name: WrittenName) -> tuple[str, ...]:
    return (name.kind, *(stem(word.lower().replace("ё", "е"), "ru") for word in name.text.split()))


def _nominative(kind: str, forms: Counter[str]) -> str:
    if kind == "person":
        expected = defaultdict[str, float](float)
        for text, count in forms.items():
            for nominative, share in _person(text):
                expected[nominative] += count * share
        return min(expected, key=lambda text: (-round(expected[text], 6), len(text), text))
    whole = Counter[str]()
    for text, count in forms.items():
        whole[_lone(text, kind)] += count
    return nominative_of(whole)


@lru_cache(maxsize=20_000)
def _lone(text: str, kind: str) -> str:
    """What phrases know nothing about: “СИБУРа”, “Росгвардии”, places that are first names too; else as it is."""
    if inflected := _INFLECTED_ACRONYM.fullmatch(text):
        return inflected[1]
    first, _, rest = text.partition(" ")
    if kind == "place" and rest and is_everyday(first):
        # “Улице Ленина”: as a common noun, because the dictionary has people of that name too.
        found = nominatives(f"{first.lower()} {rest}")[0][0]
        return f"{found[0].upper()}{found[1:]}" if first[0].isupper() else found
    if not RUSSIAN_WORD.fullmatch(text):
        return text
    on_map = [one for one in readings(text) if "Geox" in one.parse.tag.grammemes and one.form.number]
    if kind == "place" and on_map:
        inflected_form = on_map[0].parse.inflect({"nomn", on_map[0].form.number})
        return written_like(text, inflected_form.word) if inflected_form else text
    feminine = None if is_known(text) else _IN_IYA.fullmatch(text)
    return f"{feminine[1]}я" if feminine else text


@lru_cache(maxsize=20_000)
def _person(text: str) -> tuple[tuple[str, float], ...]:
    """Every nominative that the name of a person may be a form of, with its probability."""
    words = text.split()
    found = defaultdict[str, float](float)
    for case in _CASES:
        for gender in ("masc", "femn"):
            chosen = [_in(word, case, gender) for word in words]
            if None in chosen:
                continue
            score = _BARE_IS_LIKELIER if case == "nomn" else 1.0
            for each in chosen:
                score *= each[1] if each else 1
            found[" ".join(each[0] for each in chosen if each)] += score
    total = sum(found.values())
    return tuple((name, score / total) for name, score in found.items()) if total else ((text, 1.0),)


@lru_cache(maxsize=20_000)
def _in(word: str, case: str, gender: str) -> tuple[str, float] | None:
    """`word` of a name in the nominative, and how probable it is that it stands in `case`; None if it cannot."""
    if not RUSSIAN_WORD.fullmatch(word) or _INITIALS.fullmatch(word):
        return word, 1.0
    options = [*_personal(word, case, gender)]
    if not any(reading.form.is_person and reading.parse.is_known for reading in readings(word)):
        options += _foreign(word, case, gender)
    return max(options, key=lambda option: option[1], default=None)


def _personal(word: str, case: str, gender: str) -> Iterator[tuple[str, float]]:
    """As the dictionary has it; what it guesses from the ending counts only if it guesses a name."""
    for reading in readings(word):
        form = reading.form
        if form.part not in {"NOUN", "ADJF"} or form.number == "plur" or form.case != case:
            continue
        if (form.gender == gender or form.is_common_gender) and (form.is_person or reading.parse.is_known):
            yield _base(word, reading, gender), reading.score * (_NAMED if form.is_person else 1)


def _base(word: str, reading: WordReading, gender: str) -> str:
    if reading.form.case == "nomn":
        return word
    wanted = {"nomn", "sing", gender} if reading.form.part == "ADJF" else {"nomn", "sing"}
    inflected = reading.parse.inflect(wanted)
    return written_like(word, inflected.word) if inflected else word


def _foreign(word: str, case: str, gender: str) -> Iterator[tuple[str, float]]:
    """A name that the dictionary does not have: a man's follows a consonant, a woman's does not change."""
    endings = _SLAVIC if _SLAVIC_NAME.fullmatch(word) else _PLAIN
    for ending in endings[gender].get(case, ()):
        base = word.removesuffix(ending) if ending else word
        if ending and not word.endswith(ending):
            continue
        if gender == "femn":
            yield (f"{base}а", _GUESSED) if endings is _SLAVIC else (word, _UNCHANGED)
        elif not ending and word.endswith(("ом", "ем")):
            continue
        elif base[-1] in _CONSONANTS or (not ending and base[-1] in "йь"):
            yield base, _GUESSED
        elif not ending:
            yield word, _GUESSED / 4
