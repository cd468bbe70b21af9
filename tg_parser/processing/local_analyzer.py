"""The local analyzer: offline, deterministic, no key. The same message and profile give the same analysis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.embeddings import Embedder, SentenceEncoder, text_hash
from tg_parser.nlp.entities import distinct, find_entities
from tg_parser.nlp.footers import ChannelProfile, without_footer
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.names import find_names, names_available
from tg_parser.nlp.noise import has_words, is_noise
from tg_parser.nlp.sentiment import Vector, needs_vector, sentiment
from tg_parser.nlp.summary import summarize
from tg_parser.processing.analyzer import PIPELINE_VERSION, Analyzed, Task
from tg_parser.storage.stores.text_vectors import TextVector

MODEL_ID = "local-3"
"""Changes whenever the same message would get another analysis."""


class LocalAnalyzer:
    """An Analyzer of text tools alone. `names` are found where the `ner` extra is installed, unless told otherwise.

    Tones are heard in what `embedder` makes of a text.
    """

    def __init__(self, *, names: bool | None = None, embedder: Embedder | None = None) -> None:
        self._names = names_available() if names is None else names
        self._embedder = embedder or SentenceEncoder()

    @property
    def provenance(self) -> Provenance:
        """The version of the tools, and whether names were looked for."""
        return Provenance(
            pipeline_version=PIPELINE_VERSION,
            provider="local",
            model_id=MODEL_ID,
            parameters={"names": self._names},
        )

    def batches(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """One at a time: nothing is saved by taking several together."""
        return ([task] for task in tasks)

    async def analyze(self, batch: Sequence[Task], profile: ChannelProfile) -> Sequence[Analyzed]:
        """See analyze_locally; and the tone."""
        return [await self._analyzed(task.message, profile) for task in batch]

    async def _analyzed(self, message: RawMessage, profile: ChannelProfile) -> Analyzed:
        analysis = analyze_locally(message, profile, names=self._names)
        text, language = analysis.text_clean, analysis.language
        if not text:
            return Analyzed(analysis, self.provenance)
        vector = None
        if needs_vector(text, language):
            # In a thread: most of the time is spent in numpy, where others may go on.
            vector = (await asyncio.to_thread(self._embedder.embed, [text]))[0]
        analysis = analysis.model_copy(update={"sentiment": sentiment(text, language, vector)})
        return Analyzed(
            analysis, self.provenance, vector=None if vector is None or analysis.is_noise else self._kept(text, vector)
        )

    def _kept(self, text: str, vector: Vector) -> TextVector:
        encoder = self._embedder
        return TextVector(text_hash(text), encoder.model_id, encoder.dimensions, vector.astype("<f4").tobytes())


def analyze_locally(message: RawMessage, profile: ChannelProfile, *, names: bool = False) -> Analysis:
    """Everything the text tools say of `message`, but its tone; people, organisations and places only with `names`."""
    cleaned = clean(message.text)
    text = without_footer(cleaned.text, profile.footer_lines)
    language = detect_language(text)
    links = [*cleaned.links, *message.links]
    worded = has_words(text)
    return Analysis(
        text_clean=text,
        summary=summarize(text, language),
        topics=tuple(key_phrases(text, language)) if worded else (),
        entities=tuple(
            distinct([*find_entities(text, links), *(find_names(text) if names and language == "ru" else [])])
        ),
        language=language,
        is_noise=is_noise(message, text),
    )
