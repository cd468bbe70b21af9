"""What an answer must fulfil beyond its shape, pure: it adds nothing, drops little, keeps the language, leaks nothing.

A guard that fails raises AnswerRejectedError with a sentence for the model, which is then asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tg_parser.llm.question import AnswerRejectedError
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.links import words_only
from tg_parser.nlp.shared_passages import repeats
from tg_parser.nlp.source_text import SourceText
from tg_parser.nlp.words import words

KEPT = 0.5
"""Signatures and calls to subscribe may be half of a message, hardly more."""
_FEW_WORDS = 12
"""If a message has fewer words, all of them may be signature and decoration."""
_SURE_CHARS = 60
_NEIGHBOURS = tuple(
    frozenset(group.split())
    for group in ("no nb nn da sv", "es pt gl ca it", "hr sr bs sl", "id ms", "cs sk", "bg mk", "de nl af", "fa ar ur")
)
"""Languages that are easily confused in a short text."""
_TERM_LETTERS = 16
"""A term in another script, such as `machine learning`, is not another language."""
_SHORT_TEXT = 280
_CYRILLIC, _LATIN = re.compile("[\u0400-\u052f]"), re.compile("[A-Za-z\u00c0-\u024f]")
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tg", "mn", "tt"})


def require_faithful(source: SourceText, text_clean: str, least: float) -> None:
    """The clean text adds nothing to the message, which contains its words and all its figures."""
    if figures := source.missing_figures(text_clean):
        raise AnswerRejectedError(
            f"text_clean has the figure {figures[0]}, which is not in the message. Copy figures as they are written."
        )
    said = words(text_clean)
    share = source.share_of(said)
    if share < least:
        invented = next(word for word in said if not source.holds(word))
        raise AnswerRejectedError(
            f"Only {share:.0%} of the words of text_clean are in the message ({invented!r} is not). Copy the"
            " message word for word, in its own language, and add nothing."
        )
    if len(text_clean) > len(source.text) * 1.1 + 20:
        raise AnswerRejectedError("text_clean is longer than the message. Copy the message once and add nothing.")


def require_kept(source: SourceText, text_clean: str) -> None:
    """The clean text is the message, not a summary of it."""
    held = frozenset(words(words_only(source.text)))
    if not held:
        return
    kept = SourceText(text_clean, source.language)
    share = len(held & kept.words) / len(held)
    if not kept.words or (len(held) > _FEW_WORDS and share < KEPT):
        raise AnswerRejectedError(
            f"text_clean has only {share:.0%} of the words of the message. Leave out signatures and decoration, but"
            " keep the message itself whole."
        )


def require_short_summary(source: SourceText, summary: str) -> None:
    """A summary is shorter than its message; a short message needs none (see `fitting_summary`)."""
    if len(source.text) >= _SHORT_TEXT and len(summary) >= len(source.text):
        raise AnswerRejectedError("The summary is longer than the message. Say it in one to three sentences.")


def fitting_summary(text: str, summary: str | None) -> str | None:
    """`summary` if it is one: not empty and shorter than the text it sums up."""
    stripped = (summary or "").strip()
    return stripped if stripped and len(stripped) < len(text) else None


def require_known_figures(source: SourceText, summary: str) -> None:
    """A summary has no figures of its own."""
    for run in source.invented_figures(summary):
        raise AnswerRejectedError(
            f"The summary has the figure {run}, which is not in the message. Write figures as the message does."
        )


def require_language(source: SourceText, said: str, what: str, *, sentences: bool = True) -> None:
    """`said` is in the language of the message; unless it is in `sentences`, only the script is checked."""
    if not source.language:
        return
    if is_foreign(said, source) or (sentences and _is_another(detect_language(said), source.language, len(said))):
        raise AnswerRejectedError(
            f"{what} is not in the language of the message, which is {source.language!r}. Answer in that language."
        )


def _is_another(seen: str | None, expected: str, chars: int) -> bool:
    """Whether the language seen is certainly not the expected one; similar ones are easily confused."""
    near = next((group for group in _NEIGHBOURS if expected in group), frozenset({expected}))
    return chars >= _SURE_CHARS and seen is not None and seen not in near


def is_foreign(said: str, source: SourceText) -> bool:
    """Whether `said` is in a script that the language of the message does not use, apart from names in the message."""
    own = " ".join(word for word in words(said) if word not in source.words)
    if source.language in _CYRILLIC_LANGUAGES:
        foreign, native = len(_LATIN.findall(own)), len(_CYRILLIC.findall(said))
    else:
        foreign, native = len(_CYRILLIC.findall(own)), len(_LATIN.findall(said))
    return foreign > native + _TERM_LETTERS


def require_no_leak(system: str, source: SourceText, said: Iterable[str]) -> None:
    """The answer repeats no passage of the instructions, unless the message itself quotes it."""
    if repeats(said, system, source.text):
        raise AnswerRejectedError("The answer repeats these instructions. Describe the message alone.")
