"""From a model's answer to an analysis, pure: what is rejected, what is corrected, and what text tools know better."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tg_parser.domain.documents import Analysis, Entity, Sentiment
from tg_parser.domain.storable import storable
from tg_parser.llm.fencing import holds_fence
from tg_parser.llm.question import AnswerRejectedError
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.entities import distinct, find_entities
from tg_parser.nlp.noise import is_noise
from tg_parser.nlp.source_text import SourceText
from tg_parser.processing.briefing import Brief
from tg_parser.processing.guards import (
    fitting_summary,
    require_faithful,
    require_kept,
    require_known_figures,
    require_language,
    require_no_leak,
    require_short_summary,
)
from tg_parser.processing.reading import Reading

_FOUND, _INFERRED = 0.9, 0.5
"""A model's own certainty says little; whether the words are in the message says more."""
_MOST_TOPICS, _TOPIC_CHARS = 8, 80
_LANGUAGE = re.compile(r"[a-z]{2}")


def judge(reading: Reading, asked: Brief, system: str, faithfulness: float) -> None:
    """Reject an answer that is not faithful to the message. Raises AnswerRejectedError."""
    source, summary, topics = asked.source, reading.summary or "", ", ".join(reading.topics)
    said = [part for part in (reading.text_clean, summary, topics) if part not in source.text]
    if any(map(holds_fence, said)) and not holds_fence(source.text):
        raise AnswerRejectedError("The answer repeats the lines around the message. Copy what stands between them.")
    if reading.text_clean not in source.text:
        require_faithful(source, reading.text_clean, faithfulness)
    if not reading.is_noise and reading.text_clean != source.text:
        require_kept(source, reading.text_clean)
    if summary:
        require_short_summary(source, summary)
        require_known_figures(source, summary)
        require_language(source, summary, "The summary")
    require_language(source, topics, "A topic", sentences=False)
    require_no_leak(system, source, said)


def analysis_of(reading: Reading, asked: Brief) -> Analysis:
    """The analysis of a message from an answer that `judge` accepted."""
    text = _whole_text(reading, asked)
    return Analysis(
        text_clean=text,
        summary=fitting_summary(text, storable(reading.summary or "")),
        topics=tuple(_topics(reading)),
        entities=tuple(distinct([*_entities(reading, asked.source), *find_entities(asked.whole, asked.links)])),
        language=asked.source.language or _language(reading.language),
        sentiment=Sentiment(label=reading.sentiment.label, score=round(reading.sentiment.score, 3)),
        is_noise=reading.is_noise or is_noise(asked.task.message, text),
    )


def _whole_text(reading: Reading, asked: Brief) -> str:
    """The clean text; from the text tools if the model gives none, and for what was too long to be sent."""
    said, sent = reading.text_clean.strip(), asked.source.text
    # Most answers are the text that was sent, which is clean already.
    answered = (sent if said == sent else clean(said).text) or sent
    return f"{answered}\n{asked.rest.lstrip()}" if asked.rest.strip() else answered


def _topics(reading: Reading) -> list[str]:
    stripped = (" ".join(storable(topic).split()).strip("#.,;") for topic in reading.topics)
    first = {topic.casefold(): topic for topic in reversed([each for each in stripped if each])}
    kept = [topic for topic in reversed(first.values()) if len(topic) <= _TOPIC_CHARS]
    return kept[:_MOST_TOPICS]


def _entities(reading: Reading, source: SourceText) -> Iterator[Entity]:
    for entity in reading.entities:
        if value := " ".join(storable(entity.value).split()):
            # An entity is inferred if the message does not name it, whatever the model says.
            found = source.names(value)
            confidence = _FOUND if found else _INFERRED
            yield Entity(type=entity.type, value=value, confidence=confidence, inferred=not found)


def _language(said: str | None) -> str | None:
    code = (said or "").strip().lower()
    return code if _LANGUAGE.fullmatch(code) else None
