"""What the text tools say about a message, pure; imports no database code, so that a worker process is small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tg_parser.domain.documents import Analysis
from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.embeddings import Embedder
from tg_parser.nlp.entities import distinct, find_entities
from tg_parser.nlp.footers import ChannelProfile, without_footer
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.names import find_names
from tg_parser.nlp.noise import has_words, is_noise
from tg_parser.nlp.sentiment import Vector, needs_vector, sentiment
from tg_parser.nlp.summary import summarize


class ToolReading(NamedTuple):
    """The analysis of a message, and the embedding of its text if it was computed."""

    analysis: Analysis
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class TextTools:
    """The tools with what they need; `names` says whether people, organisations and places are looked for."""

    names: bool
    embedder: Embedder

    def read(self, message: RawMessage, profile: ChannelProfile) -> ToolReading:
        """The result of analyze_locally with the sentiment, which is computed from the embedding."""
        analysis = analyze_locally(message, profile, names=self.names)
        text, language = analysis.text_clean, analysis.language
        if not text:
            return ToolReading(analysis)
        vector = self.embedder.embed([text])[0] if needs_vector(text, language) else None
        tone = sentiment(text, language, vector)
        return ToolReading(analysis.model_copy(update={"sentiment": tone}), vector)

    def read_each(self, messages: Sequence[RawMessage], profile: ChannelProfile) -> list[ToolReading | None]:
        """One reading per message; None if it fails, because not every error can be sent to another process."""
        return [self._attempted(message, profile) for message in messages]

    def _attempted(self, message: RawMessage, profile: ChannelProfile) -> ToolReading | None:
        try:
            return self.read(message, profile)
        except Exception:  # noqa: BLE001 - the boundary of a message; who asked reads it again and meets the error
            return None


def analyze_locally(message: RawMessage, profile: ChannelProfile, *, names: bool = False) -> Analysis:
    """What the text tools say about `message`, without sentiment; people, organisations, places only with `names`."""
    cleaned = clean(message.text)
    text = without_footer(cleaned.text, profile.footer_lines)
    language = detect_language(text)
    links = [*cleaned.links, *message.links]
    worded = has_words(text)
    return Analysis(
        text_clean=text,
        summary=summarize(text, language),
        topics=tuple(key_phrases(text, language)) if worded else (),
        entities=tuple(distinct([*find_entities(text, links), *(find_names(text, language) if names else [])])),
        language=language,
        is_noise=is_noise(message, text),
    )
