"""What a model answers about a message: the shape, and the words it may use for the kinds of entities."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tg_parser.domain.documents import SentimentLabel

EntityKind = Literal["person", "org", "place", "product", "event", "money", "date", "other"]
_SAME: dict[str, EntityKind] = {
    "person": "person", "people": "person", "per": "person", "персона": "person", "человек": "person",
    "org": "org", "organisation": "org", "organization": "org", "company": "org", "организация": "org",
    "place": "place", "location": "place", "loc": "place", "gpe": "place", "city": "place", "country": "place",
    "product": "product", "event": "event", "money": "money", "sum": "money", "date": "date", "time": "date",
}  # fmt: skip


def _kind(value: Any) -> Any:
    return _SAME.get(value.strip().lower(), "other") if isinstance(value, str) else value


class ReadEntity(BaseModel):
    """Something that the message names, as it is written there."""

    type: Annotated[EntityKind, BeforeValidator(_kind)]
    value: str = Field(min_length=1)
    inferred: bool = False


class ReadSentiment(BaseModel):
    """The tone of the writer."""

    label: SentimentLabel
    score: float = Field(ge=0, le=1)


class Reading(BaseModel):
    """The description of one message."""

    text_clean: str
    summary: str | None
    topics: list[str]
    entities: list[ReadEntity]
    language: str | None
    sentiment: ReadSentiment
    is_noise: bool


class NumberedReading(Reading):
    """The description of the message with this number."""

    number: int


class Readings(BaseModel):
    """The descriptions of several messages, one each."""

    messages: list[NumberedReading]
