"""The processed document: one message, cleaned, summarised and tagged, with its provenance."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tg_parser.domain.messages import Contract
from tg_parser.domain.utc_field import UtcTime

SentimentLabel = Literal["positive", "neutral", "negative"]


class Entity(Contract):
    """An entity named in a text: `type` is link, mention, hashtag, money, date, email, phone, person, org or place.

    Language models also find product, event and other. An `inferred` entity is implied by the text, not written in it.
    """

    type: str
    value: str
    confidence: float = Field(default=1.0, ge=0.0, le=1.0)
    inferred: bool = False


class SentimentScores(Contract):
    """How likely each tone is; together 1."""

    positive: float = Field(ge=0.0, le=1.0)
    neutral: float = Field(ge=0.0, le=1.0)
    negative: float = Field(ge=0.0, le=1.0)


class Sentiment(Contract):
    """The tone of a message; `label` is null where the two likeliest tones are too close to tell.

    `score` is the confidence in `label`, or the highest of `scores` where there is no label. Language models give no
    `scores`.
    """

    label: SentimentLabel | None
    score: float = Field(ge=0.0, le=1.0)
    scores: SentimentScores | None = None


class Analysis(Contract):
    """The result of an analyzer for one message."""

    text_clean: str
    summary: str | None = None
    topics: tuple[str, ...] = ()
    entities: tuple[Entity, ...] = ()
    language: str | None = None
    sentiment: Sentiment | None = None
    is_noise: bool = False


class Provenance(Contract):
    """How a document was created. Unknown tokens and cost are null, never 0."""

    pipeline_version: str
    provider: str
    model_id: str
    prompt_id: str | None = None
    prompt_name: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class ProcessedDocument(Contract):
    """The current document of a message. `metadata` contains its provenance and facts about the message."""

    id: str
    source_ref: str
    source_message_id: str
    channel_id: str
    processed_at: UtcTime
    text_clean: str
    summary: str | None = None
    topics: tuple[str, ...] = ()
    entities: tuple[Entity, ...] = ()
    language: str | None = None
    sentiment: Sentiment | None = None
    is_noise: bool = False
    metadata: dict[str, Any] = Field(default_factory=dict)
