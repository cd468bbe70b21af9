"""The reviewer's own checks (pure): what in an analysis the message does not support, sentence by sentence.

The analyzer's guards look at a text as a whole: nine tenths of a long message leave room for a whole sentence that
nobody wrote. Here every sentence is checked by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tg_parser.domain.documents import Analysis
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.sentences import sentences
from tg_parser.nlp.source_text import SourceText
from tg_parser.nlp.summary import summarize
from tg_parser.nlp.words import stop_words, words
from tg_parser.processing.analyzer import Task

FaultKind = Literal["invented", "left_out", "misread", "language"]

_LEAST_OF_A_SENTENCE = 0.5
_LEAST_OF_A_SUMMARY = 0.3
"""A summary has words of its own, but not most of them."""
_SHORTEST_SENTENCE = 4
_WHOLE = 0.95
_QUOTED_CHARS = 160
# A word that does not begin a sentence, a quotation or a remark.
_INSIDE = re.compile(r"(?<=[^\W_.!?…:«\"“(—–-]\s)[^\W\d_](?:[^\W_]|['’-])+")
_NOUNS_WITH_CAPITALS = frozenset({"de", "lb"})


@dataclass(frozen=True, slots=True)
class Objection:
    """A problem in an analysis. Only a `proven` one, shown by the words themselves, can make it fail."""

    kind: FaultKind
    quote: str
    proven: bool

    @property
    def remark(self) -> str:
        """The objection in the words sent to the analyzer."""
        return f"{_SAID[self.kind]}: «{self.quote[:_QUOTED_CHARS]}»"


_SAID: dict[FaultKind, str] = {
    "invented": "The message does not say this; leave it out",
    "left_out": "The message says this, and the answer leaves it out",
    "misread": "The message says something else; read it again",
    "language": "This is not in the language of the message",
}


def source_of(task: Task, language: str | None) -> SourceText:
    """Everything an analysis in `language` may draw on: the message, and for a comment, what it answers."""
    texts = (task.message.text, *(link.url for link in task.message.links), task.post_text, task.parent_text)
    return SourceText("\n".join(text for text in texts if text), language or detect_language(task.message.text))


def objections(source: SourceText, message_text: str, analysis: Analysis) -> Sequence[Objection]:
    """What the words of the message disprove. `source` may hold more than the message: context, hidden links."""
    own = source if source.text == message_text else SourceText(message_text, source.language)
    found = [
        *(Objection("invented", sentence, proven=True) for sentence in _invented(own, analysis.text_clean)),
        *(Objection("invented", name, proven=True) for name in _unknown_names(source, analysis.summary)),
        *(Objection("invented", sentence, proven=False) for sentence in _ungrounded(source, analysis.summary)),
    ]
    return tuple({objection.quote: objection for objection in reversed(found)}.values())[::-1]


def is_copy(source: SourceText, analysis: Analysis) -> bool:
    """Whether the clean text has exactly the words of the message."""
    said = words(analysis.text_clean)
    return len(said) >= _WHOLE * len(words(source.text)) and _holds_all(source, said)


def is_verbatim(source: SourceText, analysis: Analysis) -> bool:
    """Whether the clean text has only the source's words and the summary only its sentences."""
    if any(entity.inferred for entity in analysis.entities) or not _holds_all(source, words(analysis.text_clean)):
        return False
    held = " ".join(source.text.split())
    return all(" ".join(each.split()) in held for each in sentences(analysis.summary or "", source.language))


def without_doubt(analysis: Analysis, doubted: Sequence[Objection]) -> Analysis:
    """`analysis` with a summary of the message's own sentences, if its own summary is in doubt."""
    if not any(each.quote in (analysis.summary or "") for each in doubted):
        return analysis
    return analysis.model_copy(update={"summary": summarize(analysis.text_clean, analysis.language)})


def still_said(objection: Objection, analysis: Analysis) -> bool:
    """Whether an answer still contains what was objected to."""
    return objection.quote in f"{analysis.text_clean}\n{analysis.summary or ''}"


def is_borne_out(source: SourceText, quote: str) -> bool:
    """Whether at least half of the words of `quote` occur in the source."""
    return source.share_of(words(quote)) >= _LEAST_OF_A_SENTENCE


def _holds_all(source: SourceText, said: Sequence[str]) -> bool:
    # Most words occur unchanged, which is quick to check.
    return all(map(source.holds, set(said) - source.words))


def _invented(source: SourceText, text_clean: str) -> Iterator[str]:
    if _holds_all(source, words(text_clean)):
        return
    for sentence in sentences(text_clean, source.language):
        if len(words(sentence)) >= _SHORTEST_SENTENCE and not is_borne_out(source, sentence):
            yield sentence


def _unknown_names(source: SourceText, summary: str | None) -> Iterator[str]:
    """Capitalised words inside a sentence that occur in the source in no form; not in German, where every noun is."""
    if not summary or summary in source.text or source.language in _NOUNS_WITH_CAPITALS:
        return
    for match in _INSIDE.finditer(summary):
        if match[0][0].isupper() and not any(map(source.holds, words(match[0]))):
            yield match[0]


def _ungrounded(source: SourceText, summary: str | None) -> Iterator[str]:
    if not summary or summary in source.text:
        return
    for sentence in sentences(summary, source.language):
        telling = [word for word in words(sentence) if word not in stop_words(source.language or "")]
        if len(telling) >= _SHORTEST_SENTENCE and source.share_of(telling) < _LEAST_OF_A_SUMMARY:
            yield sentence
