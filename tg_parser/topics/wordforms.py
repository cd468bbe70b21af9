"""Base forms of Russian and Ukrainian phrases, guessed from the forms a corpus holds: titles read better in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tg_parser.nlp.grammar_ru import base_name, kind
from tg_parser.nlp.words import folded

Forms = Mapping[str, Counter[str]]

_INFLECTED = frozenset({"ru", "uk", "be"})
_OBLIQUE = re.compile(
    r".*(?:ого|его|ому|ему|[оеіє]й|ою|ею|єю|ых|их|ыми|ими|[ая]ми|[ая]х|[ая]м|[оеіиы]м|ую|юю|[оеіє]в|[уюі])|.*[аеиоуыэюя]и"
)
_MASCULINE = re.compile(r".*[бвгджзклмнпрстфхцчшщй](?:ом|ов)|.*(?:[ел]ем|ев)")
_FEMININE = re.compile(r".*(?:ой|ою|ией)")
_SURNAME = re.compile(r".*(?:[оеё]в|[иы]н|ий|ой)")
_NEUTER = re.compile(r".*(?:[иь]е|ств[оа]|о|ння|ття)")
_CYRILLIC = re.compile(r"[А-ЯЁа-яё][а-яё-]+")
_RANKS = {"ь": (0, 0), "а": (2, 0), "я": (2, 0), "ы": (0, 1), "и": (0, 1), "е": (3, 3)}
"""By the last letter: how far a form is from the nominative of a masculine and of a feminine noun."""
_CLOSED = re.compile(r".*[аеиоуыэюя][бвгджзклмнпрстфхцчшщ]")
_FEMININE_CASES = (("ии", "ия"), ("ию", "ия"), ("ией", "ия"), ("у", "а"), ("ы", "а"), ("е", "а"), ("ой", "а"))
_MASCULINE_CASES = (("а", ""), ("у", ""), ("е", ""), ("ом", ""), ("ов", ""), ("ам", ""), ("ах", ""))
_ADJECTIVE_OF = (("ая", "яя"), "ая"), (("ое", "ее"), "ое"), (("ые", "ие"), "ыи"), (("ый", "ий", "ой"), "")


def is_noun(forms: Counter[str], language: str) -> bool:
    """Whether most uses of a stem are a noun's; one form alone often looks like one when it is not."""
    if language != "ru":
        return True
    nouns = sum(count for form, count in forms.items() if kind(form) == "noun")
    return 2 * nouns >= forms.total()


def is_oblique(word: str, language: str) -> bool:
    """Whether `word` looks like a case that no title stands in."""
    return language in _INFLECTED and _OBLIQUE.fullmatch(word.lower()) is not None


def base_phrase(surface: str, key: Sequence[str], forms: Forms, language: str) -> str:
    """`surface` with its head word, and what agrees with it, in the nominative where the corpus shows that form.

    `key` holds the stem of every word. Words after the head stay: they depend on it.
    """
    words = surface.split()
    if language != "ru" or not _CYRILLIC.fullmatch(words[0]) or len(words) != len(key):
        return surface
    if len(words) == 1 and base_name(surface) != surface:
        return base_name(surface)
    if len(words) > 1 and kind(folded(words[0])) == "adjective":
        return " ".join(_agreeing(words, key, forms))
    names = len(words) == 2 and all(word[0].isupper() and _CYRILLIC.fullmatch(word) for word in words)
    heads = len(words) if names else 1
    return " ".join(
        [*(_base(word, forms[root]) for word, root in zip(words[:heads], key, strict=False)), *words[heads:]]
    )


def _agreeing(words: Sequence[str], key: Sequence[str], forms: Forms) -> Sequence[str]:
    noun = _base(words[1], forms[key[1]])
    endings = next(adjective for adjective, nouns in _ADJECTIVE_OF if not nouns or noun[-1] in nouns)
    known = [form for form in forms[key[0]] if form.endswith(endings)]
    if kind(folded(words[1])) != "noun" or noun.endswith("ь") or not known:
        return words
    first = min(known, key=lambda form: (-forms[key[0]][form], form))
    return [_cased(first, words[0]), noun, *words[2:]]


def _base(word: str, forms: Counter[str]) -> str:
    is_fixed = not forms or not _CYRILLIC.fullmatch(word) or (word[0].isupper() and _SURNAME.fullmatch(word))
    return word if is_fixed else _cased(base_form(forms), word)


def _cased(word: str, like: str) -> str:
    if folded(like) == word:
        return like
    return word[:1].upper() + word[1:] if like[0].isupper() else word


def base_form(forms: Counter[str]) -> str:
    """The nominative of a Russian noun from its forms; the commonest form where nothing tells."""
    feminine = _is_feminine(forms)
    ranks = {form: _rank(form, is_feminine=feminine) for form in forms}
    best = min(forms, key=lambda form: (ranks[form], -forms[form], len(form), form))
    return best if ranks[best] < 2 else _made(forms, is_feminine=feminine) or best


def _is_feminine(forms: Counter[str]) -> bool:
    """By endings of one gender alone; else by the bare form: common with masculine nouns, rare with feminine ones."""
    masculine = sum(count for form, count in forms.items() if _MASCULINE.fullmatch(form))
    feminine = sum(count for form, count in forms.items() if _FEMININE.fullmatch(form))
    if feminine != masculine:
        return feminine > masculine
    bare = sum(count for form, count in forms.items() if form[-1] not in "аеиоуыюяь")
    return bare < sum(count for form, count in forms.items() if form[-1] in "аяую")


def _rank(form: str, *, is_feminine: bool) -> int:
    """Lowest for a sure nominative, then the less sure ones; 2 and above is another case."""
    if _OBLIQUE.fullmatch(form):
        return 1 if form.endswith("ей") and not is_feminine else 4
    if _NEUTER.fullmatch(form):
        return -1
    masculine, feminine = _RANKS.get(form[-1], (0, 3))
    return feminine if is_feminine else masculine


def _made(forms: Counter[str], *, is_feminine: bool) -> str | None:
    """The nominative put together from other cases, where two of them agree on it."""
    endings = _FEMININE_CASES if is_feminine else _MASCULINE_CASES
    made = Counter(
        form.removesuffix(ending) + base for form in forms for ending, base in endings if form.endswith(ending)
    )
    sure = [form for form, count in made.items() if count > 1 and (is_feminine or _CLOSED.fullmatch(form))]
    return min(sure, key=lambda form: (-made[form], form), default=None)
