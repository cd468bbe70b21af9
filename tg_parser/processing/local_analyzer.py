"""The local analyzer: offline, deterministic, no key. The same message and profile give the same analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tg_parser.domain.documents import Analysis, Provenance
from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.entities import distinct, find_entities
from tg_parser.nlp.footers import ChannelProfile, without_footer
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.names import find_names, names_available
from tg_parser.nlp.noise import has_words, is_noise
from tg_parser.nlp.sentiment import sentiment
from tg_parser.nlp.summary import summarize
from tg_parser.processing.analyzer import PIPELINE_VERSION, Analyzed, Task

MODEL_ID = "local-2"
"""Changes whenever the same message would get another analysis."""


class LocalAnalyzer:
    """An Analyzer of text tools alone. `names` are found where the `ner` extra is installed, unless told otherwise."""

    def __init__(self, *, names: bool | None = None) -> None:
        self._names = names_available() if names is None else names

    @property
    def provenance(self) -> Provenance:
        """The version of the tools, and whether names were looked for."""
        return Provenance(
            pipeline_version=PIPELINE_VERSION,
            provider="local",
            model_id=MODEL_ID,
            parameters={"names": self._names},
        )

    def portions(self, tasks: Sequence[Task]) -> Iterable[Sequence[Task]]:
        """One at a time: nothing is saved by taking several together."""
        return ([task] for task in tasks)

    async def analyze(self, portion: Sequence[Task], profile: ChannelProfile) -> Sequence[Analyzed]:
        """See analyze_locally."""
        provenance = self.provenance
        return [Analyzed(analyze_locally(task.message, profile, names=self._names), provenance) for task in portion]


def analyze_locally(message: RawMessage, profile: ChannelProfile, *, names: bool = False) -> Analysis:
    """Everything the text tools say of `message`; people, organisations and places only with `names`."""
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
        sentiment=sentiment(text, language) if text else None,
        is_noise=is_noise(message, text),
    )
