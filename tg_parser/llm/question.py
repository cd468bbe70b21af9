"""Questions to a model and their answers: the types that all of `llm/` shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


class AnswerRejectedError(Exception):
    """An answer with the right schema that fails a check; the model gets `str(error)` and is asked again."""


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
    """A prompt, the schema of its answer, and a check of what no schema can express; it may take time elsewhere."""

    prompt: Prompt
    schema: type[T]
    purpose: Purpose
    check: Callable[[T], Awaitable[None] | None] | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer that passed schema and check.

    Tokens and dollars cover all its calls, including rejected answers; null if unknown. An answer from the cache has
    none. `calls` counts what was really sent.
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
    """Anything that can be asked: the models of one stage, or of all of them."""

    async def ask(self, question: Question[T]) -> Answer[T]:
        """A good answer. Raises AnalysisError if none came, ProviderError, ProviderUnavailableError, BudgetError."""
        ...
