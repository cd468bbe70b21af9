"""What the dictionary says about a Russian word: which forms it may be, and how probable each is."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer
    from pymorphy3.analyzer import Parse
    from pymorphy3.tagset import OpencorporaTag

RUSSIAN_WORD = re.compile(r"[А-ЯЁа-яё][а-яё]*(?:-[А-ЯЁа-яё][а-яё]+)*")
ADJECTIVES = frozenset({"ADJF", "PRTF"})
NOUNS = frozenset({"NOUN"})
_PERSON = frozenset({"Name", "Surn", "Patr"})
_BRANDS = frozenset({"Orgn", "Trad"})
_PROPER = _PERSON | {"Geox"}
_EMPTY = frozenset({"CONJ", "PRCL", "PREP", "ADVB", "INTJ", "NPRO"})
_APART = frozenset({"VERB", "INFN", "GRND", "PRTS", "ADVB", "COMP", "PRED"})
_PREDICATES = frozenset({"VERB", "PRTS", "PRED"})
_UNSETTLED = frozenset(
    {"VERB", "INFN", "GRND", "PRTS", "ADJF", "PRTF", "ADJS", "PREP", "CONJ", "PRCL", "NUMR", "COMP", "NPRO"}
)
_CASES = {"gen2": "gent", "acc2": "accs", "loc2": "loct"}
_loading = Lock()


class Form(NamedTuple):
    """A form of a word: its part of speech, and the features in which it agrees."""

    part: str
    case: str | None
    number: str | None
    gender: str | None
    animacy: str | None
    voice: str | None
    is_person: bool
    is_proper: bool
    is_abbreviation: bool
    is_pronoun: bool
    is_common_gender: bool


class WordReading(NamedTuple):
    """One possible reading of a word, with its probability."""

    form: Form
    score: float
    parse: Parse


@lru_cache(maxsize=100_000)
def forms(word: str) -> tuple[Form, ...]:
    """All possible forms of `word`, unranked: takes half the time of `readings`, which computes probabilities too."""
    return tuple(_form(str(tag)) for tag in _analyzer().tag(word))


@lru_cache(maxsize=30_000)
def readings(word: str) -> tuple[WordReading, ...]:
    """All readings of `word`, the most probable first; guessed from its ending if it is not in the dictionary."""
    return tuple(WordReading(_form(str(parse.tag)), parse.score, parse) for parse in _analyzer().parse(word))


def is_known(word: str) -> bool:
    """Whether `word` is in the dictionary."""
    return any(reading.parse.is_known for reading in readings(word))


@lru_cache(maxsize=30_000)
def nouns(word: str) -> tuple[WordReading, ...]:
    """The readings of `word` as a noun; as a name only if it has a capital, and never as a guessed name."""
    capital = word[0].isupper()
    found = tuple(one for one in readings(word) if one.form.part == "NOUN" and one.form.case != "voct")
    if capital and not any(one.parse.is_known for one in found):
        return ()
    proper = tuple(one for one in found if one.form.is_proper)
    if capital and proper:
        return proper
    return tuple(one for one in found if not one.form.is_proper) or found


def agreeing(word: str, noun: Form, parts: frozenset[str] = ADJECTIVES) -> WordReading | None:
    """The most probable reading of `word` as one of `parts` of speech in the case, number and gender of `noun`."""
    if not RUSSIAN_WORD.fullmatch(word):
        return None
    return next((one for one in readings(word) if one.form.part in parts and agree(one.form, noun)), None)


def agree(form: Form, noun: Form) -> bool:
    """Whether an adjective, or another noun, is in the case, number and gender of `noun`."""
    if (form.case, form.number) != (noun.case, noun.number):
        return False
    if form.part != "NOUN" and form.animacy not in (None, noun.animacy):
        return False
    return noun.number == "plur" or form.gender == noun.gender or form.is_common_gender or noun.is_common_gender


@lru_cache(maxsize=30_000)
def noun_share(word: str) -> float:
    """How probable it is that `word` is a noun, not a verb, adjective or particle; 1 if it is not Russian."""
    if not RUSSIAN_WORD.fullmatch(word):
        return 1.0
    found = readings(word)
    noun = sum(one.score for one in found if one.form.part == "NOUN")
    empty = sum(one.score for one in found if one.form.part in _EMPTY)
    return 0.0 if empty > noun else noun / max(sum(one.score for one in found), 1e-9)


@lru_cache(maxsize=30_000)
def is_nominal(word: str) -> bool:
    """Whether `word` may be part of a noun phrase: verbs and adverbs may not."""
    return not RUSSIAN_WORD.fullmatch(word) or any(one.form.part not in _APART for one in readings(word))


@lru_cache(maxsize=30_000)
def is_predicate(word: str) -> bool:
    """Whether `word` is most probably what a sentence is built around: a finite verb or a short participle."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and readings(word)[0].form.part in _PREDICATES


@lru_cache(maxsize=30_000)
def is_settled(word: str) -> bool:
    """Whether a phrase may end with `word`: not a verb, an adjective or a preposition that wants another word."""
    return not RUSSIAN_WORD.fullmatch(word) or readings(word)[0].form.part not in _UNSETTLED


@lru_cache(maxsize=30_000)
def is_complete_verb(word: str) -> bool:
    """Whether `word` is a verb in the past tense that takes no object: what goes after it is only where or when."""
    grammemes = readings(word)[0].parse.tag.grammemes
    return {"VERB", "intr", "past"} <= set(grammemes)


@lru_cache(maxsize=30_000)
def is_gerund(word: str) -> bool:
    """Whether `word` is most probably an adverbial participle, which leans on the verb of its sentence."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and readings(word)[0].form.part == "GRND"


@lru_cache(maxsize=30_000)
def is_surname(word: str) -> bool:
    """Whether `word` (with its capital) may be what a person is called."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and word.istitle() and any(one.form.is_person for one in readings(word))


@lru_cache(maxsize=30_000)
def is_first_person(word: str) -> bool:
    """Whether `word` is most probably a verb whose subject is the writer: “показываю”, “ждём”."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and "1per" in readings(word)[0].parse.tag.grammemes


@lru_cache(maxsize=30_000)
def is_imperative(word: str) -> bool:
    """Whether `word` is most probably a verb that tells somebody to do something, or was one: “слушайте”."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and not {"impr", "INTJ"}.isdisjoint(readings(word)[0].parse.tag.grammemes)


@lru_cache(maxsize=30_000)
def is_locative(word: str) -> bool:
    """Whether `word` is most probably in the case of where or when something is, not of where it goes."""
    return readings(word)[0].form.case == "loct"


@lru_cache(maxsize=30_000)
def is_place(word: str) -> bool:
    """Whether `word` (with its capital) is most probably a name on a map."""
    return bool(RUSSIAN_WORD.fullmatch(word)) and word[0].isupper() and "Geox" in readings(word)[0].parse.tag.grammemes


def dictionary_form(word: str) -> str:
    """The singular nominative, which all forms of a noun share, even those with another stem."""
    found = nouns(word) if RUSSIAN_WORD.fullmatch(word) else ()
    return found[0].parse.normal_form if found else word.lower()


def is_everyday(word: str) -> bool:
    """Whether `word`, with or without capitals, is in the dictionary as a noun other than a name or abbreviation."""
    known = [one for one in readings(word.lower()) if one.form.part == "NOUN" and one.parse.is_known]
    return bool(known) and not any(
        one.form.is_proper or one.form.is_abbreviation or not _BRANDS.isdisjoint(one.parse.tag.grammemes)
        for one in known
    )


@cache
def _form(tag_text: str) -> Form:
    """The form that a tag describes, cached: a few hundred tags cover millions of words."""
    tag = _analyzer().TagClass(tag_text)
    grammemes = tag.grammemes
    return Form(
        part=str(tag.POS or ""),
        case=_CASES.get(tag.case, tag.case),
        number=tag.number,
        gender=tag.gender,
        animacy=tag.animacy,
        voice=tag.voice,
        is_person=not _PERSON.isdisjoint(grammemes),
        is_proper=not _PROPER.isdisjoint(grammemes),
        is_abbreviation="Abbr" in grammemes,
        is_pronoun="Apro" in grammemes,
        is_common_gender="ms-f" in grammemes,
    )


def _analyzer() -> MorphAnalyzer:
    with _loading:  # two threads would otherwise load the dictionary twice
        return _loaded()


@cache
def _loaded() -> MorphAnalyzer:
    import pymorphy3  # noqa: PLC0415  - heavy: the dictionary takes 15 MB

    return pymorphy3.MorphAnalyzer(probability_estimator_cls=_Probabilities)


class _Probabilities:
    """Ranks readings by the probabilities of the dictionary, and leaves tags unchanged: see `forms`."""

    def __init__(self, path: str) -> None:
        from pymorphy3.analyzer import ProbabilityEstimator  # noqa: PLC0415

        self._estimator = ProbabilityEstimator(path)

    def apply_to_parses(self, word: str, lower: str, parses: list[Parse]) -> list[Parse]:
        ranked: list[Parse] = self._estimator.apply_to_parses(word, lower, parses)
        return ranked

    def apply_to_tags(self, _lower: str, tags: list[OpencorporaTag]) -> list[OpencorporaTag]:
        return tags
