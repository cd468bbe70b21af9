"""What a model is asked about topics: the schemas of its answers, and checks that no schema can express (pure).

A failed check raises AnswerRejectedError with a sentence for the model, which is then asked again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel

from tg_parser.domain.storable import storable
from tg_parser.llm.fencing import holds_fence
from tg_parser.llm.question import AnswerRejectedError
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.shared_passages import repeats
from tg_parser.nlp.source_text import SourceText
from tg_parser.topics.grouping.texts import stems_of

TITLE_CHARS, SUMMARY_CHARS, PHRASE_CHARS = 80, 800, 200
GROUNDED = 0.2
"""The least share of a summary's content words that must occur in the messages. Good summaries in other words have
0.22 to 0.75, summaries of other topics 0.14 at most (labelled posts, eight summaries written by hand).
"""
_SURE_LETTERS = 40
_NAME = re.compile(r"(?<=[\w,;:«(–—-]\s)\w[\w-]{3,}|(?<=[«(])\w[\w-]{3,}")
"""A word of four letters or more that does not begin a sentence. If it is not in the messages, it may be another
name for what they name: a city's nickname.
"""
_WITHOUT_SPACES = frozenset({"zh", "ja", "th"})
"""Languages written without spaces between words: words cannot be counted here."""
_NOUNS_ARE_CAPITALISED = "de"
_BEGINNING = 5
_NOT_TITLE = re.compile(r"[\n\r\t]|https?://|<<<|>>>")


class Because(BaseModel):
    """Why a message, given by its number, belongs to the topic."""

    message: int
    why: str


class TopicWords(BaseModel):
    """A topic's title, summary and scope."""

    title: str
    summary: str
    scope_in: list[str]
    scope_out: list[str]
    tags: list[str]
    justifications: list[Because]


class SameTopic(BaseModel):
    """Whether two topics are the same."""

    same: bool
    reason: str


class Belonging(BaseModel):
    """Whether a message belongs to a wanted topic."""

    belongs: bool
    why: str


class ShownTexts:
    """The texts that a question showed, against which its answer is checked."""

    def __init__(self, texts: Sequence[str], language: str, system: str) -> None:
        self.whole = "\n".join(texts)
        self.language = language
        self.system = system
        self.stems = frozenset(stems_of(self.whole, language))
        self._is_told_apart = bool(language) and detect_language(self.whole) == language

    def check_words(self, said: TopicWords, *, taken: str | None, is_named: bool) -> None:
        """Reject wording that the messages do not support. If the topic `is_named`, it already has a title."""
        if not is_named:
            self._check_title(said.title.strip(), taken)
        if not said.summary.strip():
            raise AnswerRejectedError("The summary is empty. Say in two or three sentences what the messages say.")
        if not any(phrase.strip() for phrase in said.scope_in):
            raise AnswerRejectedError("scope_in is empty. Say what belongs to the topic.")
        self._check_grounds("" if is_named else said.title, said.summary)
        why = " ".join(one.why for one in said.justifications)
        self.check_text(said.title, said.summary, *said.scope_in, *said.scope_out, *said.tags, why)

    def check_text(self, *said: str) -> None:
        """Reject texts in another language, with the fence in them, or with a passage of the instructions."""
        if any(map(holds_fence, said)) and not holds_fence(self.whole):
            raise AnswerRejectedError("The answer repeats the lines around the messages. Say what is between them.")
        foreign = next((text for text in said if self._is_foreign(text)), None)
        if foreign is not None:
            raise AnswerRejectedError(f"The answer is not in the language {self.language!r}. Answer in that language.")
        if repeats(said, self.system, self.whole):
            raise AnswerRejectedError("The answer repeats these instructions. Describe the messages alone.")

    @staticmethod
    def _check_title(title: str, taken: str | None) -> None:
        if not any(map(str.isalnum, title)) or _NOT_TITLE.search(title):
            raise AnswerRejectedError("The title is not a heading. Name the topic in two to eight words.")
        if len(title) > TITLE_CHARS:
            raise AnswerRejectedError(f"The title is longer than {TITLE_CHARS} characters. Name the topic briefly.")
        if taken is not None and title.casefold() == taken.casefold():
            raise AnswerRejectedError("Another topic has that title. Say how this topic differs from it.")

    def _check_grounds(self, title: str, summary: str) -> None:
        if self.language not in _WITHOUT_SPACES:
            self._check_stems(title, summary)
        for figure in SourceText(self.whole, self.language).invented_figures(summary):
            raise AnswerRejectedError(f"The summary holds the figure {figure}, which no message does.")

    def _check_stems(self, title: str, summary: str) -> None:
        own = frozenset(stems_of(summary, self.language))
        if own and len(own & self.stems) < GROUNDED * len(own):
            raise AnswerRejectedError("Hardly a word of the summary is in the messages. Say only what they say.")
        held = [self._holds(name) for name in _NAME.findall(summary) if name[0].isupper()]
        if self.language != _NOUNS_ARE_CAPITALISED and held.count(False) > max(1, held.count(True)):
            raise AnswerRejectedError("Most names in the summary are in no message. Name only what the messages do.")
        named = stems_of(title, self.language)
        if named and (self.stems | own).isdisjoint(named):
            raise AnswerRejectedError("No word of the title is in the messages or the summary. Name their subject.")

    def _holds(self, name: str) -> bool:
        """Whether the messages contain a name in some form; forms of one name share their beginning."""
        stems = stems_of(name, self.language)
        return all(stem in self.stems or any(own.startswith(stem[:_BEGINNING]) for own in self.stems) for stem in stems)

    def _is_foreign(self, said: str) -> bool:
        """If the language of the messages is not certain, the language of an answer is not checked either."""
        if not self._is_told_apart or sum(map(str.isalpha, said)) < _SURE_LETTERS:
            return False
        return detect_language(said) not in (None, self.language)


def one_line(text: str, most: int = PHRASE_CHARS) -> str:
    """`text` with single spaces, no quotation marks around it, at most `most` characters."""
    flat = " ".join(storable(text).split())
    for opening, closing in ("«»", "“”", '""'):
        if flat.startswith(opening) and flat.endswith(closing) and not set(flat[1:-1]) & {opening, closing}:
            flat = flat[1:-1]
    return flat if len(flat) <= most else f"{flat[: most - 1].rsplit(' ', 1)[0]}…"


def distinct(texts: Sequence[str], most: int) -> tuple[str, ...]:
    """The first `most` of `texts`, each on one line, without duplicates."""
    lines = {line.casefold(): line for line in map(one_line, reversed(texts)) if line}
    return tuple(reversed(lines.values()))[:most]
