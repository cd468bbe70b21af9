"""What an answer must hold to beyond its shape, pure: it adds nothing, drops little, keeps the language, leaks nothing.

A guard that is not satisfied raises AnswerRejectedError with a sentence for the model, which is then asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tg_parser.llm.question import AnswerRejectedError
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.links import LINK
from tg_parser.nlp.words import words
from tg_parser.processing.source_text import SourceText

KEPT = 0.5
"""Signatures and calls to subscribe may be half of a message, hardly more."""
_FEW_WORDS = 12
"""Of fewer words any number may be trimmings."""
_LEAK_WORDS = 9
_LEAK_WORDS_IN_A_ROW = range(_LEAK_WORDS)
_SURE_LETTERS = 40
_SMALL_FIGURE = 12
_SHORT_TEXT = 280
_NOT_WORDS = re.compile(rf"{LINK.pattern}|[@#]\w+", re.IGNORECASE)
_CYRILLIC, _LATIN = re.compile("[\u0400-\u052f]"), re.compile("[A-Za-z\u00c0-\u024f]")
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tg", "mn", "tt"})


def require_faithful(source: SourceText, text_clean: str, least: float) -> None:
    """The clean text says nothing that the message does not: its words and all its figures stand there."""
    if figures := source.missing_figures(text_clean):
        raise AnswerRejectedError(
            f"text_clean holds the figure {figures[0]}, which the message does not. Copy figures as they are written."
        )
    said = words(text_clean)
    share = source.share_of(said)
    if share < least:
        invented = next(word for word in said if not source.holds(word))
        raise AnswerRejectedError(
            f"Only {share:.0%} of the words of text_clean stand in the message ({invented!r} does not). Copy the"
            " message word for word, in its own language, and add nothing."
        )
    if len(text_clean) > len(source.text) * 1.1 + 20:
        raise AnswerRejectedError("text_clean is longer than the message. Copy the message once and add nothing.")


def require_kept(source: SourceText, text_clean: str) -> None:
    """The clean text is the message, not a summary of it."""
    held = frozenset(words(_NOT_WORDS.sub(" ", source.text)))
    if not held:
        return
    kept = SourceText(text_clean, source.language)
    share = len(held & kept.words) / len(held)
    if not kept.words or (len(held) > _FEW_WORDS and share < KEPT):
        raise AnswerRejectedError(
            f"text_clean holds only {share:.0%} of the words of the message. Leave out signatures and decoration, but"
            " keep the message itself whole."
        )


def require_short_summary(source: SourceText, summary: str) -> None:
    """A summary says less than its message; a short message needs none (see `fitting_summary`)."""
    if len(source.text) >= _SHORT_TEXT and len(summary) >= len(source.text):
        raise AnswerRejectedError("The summary is longer than the message. Say it in one to three sentences.")


def fitting_summary(text: str, summary: str | None) -> str | None:
    """`summary` where it is one: not empty and shorter than the text it sums up."""
    stripped = (summary or "").strip()
    return stripped if stripped and len(stripped) < len(text) else None


def require_known_figures(source: SourceText, summary: str) -> None:
    """A summary has no figures of its own; small ones may be counts."""
    for run in source.missing_figures(summary):
        if len(run) > 2 or int(run) > _SMALL_FIGURE:
            raise AnswerRejectedError(
                f"The summary holds the figure {run}, which the message does not. Write figures as the message does."
            )


def require_language(source: SourceText, said: str, what: str) -> None:
    """`what` was said is in the language of the message, as far as the text tells."""
    if source.language and is_foreign(said, source):
        raise AnswerRejectedError(
            f"{what} is not in the language of the message, which is {source.language!r}. Answer in that language."
        )


def is_foreign(said: str, source: SourceText) -> bool:
    """Whether `said` is in another language than the message: by script where it is short, names of the message aside.

    Closely related languages cannot be told apart in a few words, so those few pass.
    """
    own = " ".join(word for word in words(said) if word not in source.words)
    cyrillic, latin = len(_CYRILLIC.findall(own)), len(_LATIN.findall(own))
    if source.language in _CYRILLIC_LANGUAGES and latin > 3 * cyrillic + 10:
        return True
    if source.language not in _CYRILLIC_LANGUAGES and cyrillic > latin + 10:
        return True
    if cyrillic + latin < _SURE_LETTERS:
        return False
    return detect_language(said) not in (None, source.language)


def require_no_leak(system: str, source: SourceText, said: Iterable[str]) -> None:
    """No stretch of the instructions is in the answer, unless the message itself quotes it."""
    ours = _stretches(system)
    for text in said:
        leaked = _stretches_of(text) & ours
        if leaked and not leaked <= _stretches_of(source.text):
            raise AnswerRejectedError("The answer repeats these instructions. Describe the message alone.")


@lru_cache(maxsize=64)
def _stretches(text: str) -> frozenset[tuple[str, ...]]:
    return _stretches_of(text)


def _stretches_of(text: str) -> frozenset[tuple[str, ...]]:
    said = words(text)
    return frozenset(zip(*(said[start:] for start in _LEAK_WORDS_IN_A_ROW), strict=False))
