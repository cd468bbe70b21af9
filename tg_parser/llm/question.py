"""What a model is asked and what it answers: the words all of `llm/` shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


class AnswerRejectedError(Exception):
    """An answer of the right shape that a check refuses; the model is told `str(error)` and asked again."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt with everything filled in. `id` is `sha256:…` of the file's text, before anything was filled in."""

    name: str
    id: str
    system: str
    user: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is paid for: the stage (`processing`, `topics`, `agents`) and the channel."""

    stage: str
    channel_id: str | None = None


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A prompt, the shape its answer must have, and a check of what no schema can tell."""

    prompt: Prompt
    schema: type[T]
    purpose: Purpose
    check: Callable[[T], None] | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer that passed schema and check.

    Tokens and dollars are of all its calls, with those whose answers were refused; null where unknown. An answer from
    the cache has none. `calls` counts what was really sent.
    """

    output: T
    provider: str
    model_id: str
    parameters: dict[str, Any]
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    calls: int = 1
    cached: bool = False


class Asker(Protocol):
    """Whoever can be asked: the models of one stage, or of all of them."""

    async def ask(self, question: Question[T]) -> Answer[T]:
        """A good answer. Raises AnalysisError where none was, ProviderError, ProviderUnavailableError, BudgetError."""
        ...
