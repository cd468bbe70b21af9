"""People, organisations and places that a text names: Russian with a small network, English by rules."""

from __future__ import annotations

import re

from tg_parser.domain.documents import Entity
from tg_parser.nlp.morphology_ru import is_everyday, is_known, is_predicate, is_surname
from tg_parser.nlp.name_forms_ru import WrittenName, in_nominative
from tg_parser.nlp.names_en import english_names
from tg_parser.nlp.tagger_ru import russian_tagger

_LOOKED_AT = 20_000
_KINDS = {"PER": "person", "ORG": "org", "LOC": "place"}
_CONFIDENCE = {"ru": 0.8, "en": 0.7}
_AROUND = re.compile(r"^\W+|[^\w+]+$")
"""What is no part of a name at its ends."""
_GENERIC = frozenset({"СМИ"})
"""Acronyms of common nouns."""
_SUM = re.compile(r"\s[$€₽£].*")
_QUOTED = re.compile(r"([А-ЯЁ]?[а-яё]+) [«\"“„](.+)")


def find_names(text: str, language: str | None) -> list[Entity]:
    """The names in `text` in the order of first mention, each once, Russian ones in the nominative.

    Other languages have none. Confidence is the share of found names that are right in measured texts.
    """
    read = _READ.get(language or "")
    if read is None:
        return []
    confidence = _CONFIDENCE[language or ""]
    return [Entity(type=name.kind, value=name.text, confidence=confidence) for name in read(text[:_LOOKED_AT])]


def _russian_names(text: str) -> list[WrittenName]:
    spans = russian_tagger().spans(text)
    written = [WrittenName(_KINDS[kind], " ".join(text[start:end].split())) for start, end, kind in spans]
    bare = [name._replace(text=_bare(name.kind, name.text)) for name in written]
    return in_nominative([name for name in bare if len(name.text) > 1 and not _is_no_name(name)])


def _bare(kind: str, text: str) -> str:
    """A name without what the tagger drags along: marks, sums of money, and the common noun before a quoted name."""
    bare = _AROUND.sub("", _SUM.sub("", text))
    quoted = _QUOTED.fullmatch(bare)
    if quoted and is_everyday(quoted[1]):
        return _AROUND.sub("", quoted[2])
    first, _, rest = bare.partition(" ")
    return rest if kind == "person" and rest and is_everyday(first) and not is_surname(first) else bare


def _is_no_name(name: WrittenName) -> bool:
    """Whether it is a common noun or has no capital, or is a verb at the start of a sentence."""
    return (
        name.text.islower()
        or name.text in _GENERIC
        or (name.kind == "person" and is_predicate(name.text) and is_known(name.text))
    )


_READ = {"ru": _russian_names, "en": english_names}
