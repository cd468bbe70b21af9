"""The exchange with a model until it gives a valid answer, and its total cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart

from tg_parser.domain.spending import dollars
from tg_parser.llm.models.response_metadata import CallRecord, paid_for, parameters_of, record_of
from tg_parser.llm.question import Answer, Prompt, Purpose
from tg_parser.llm.structured import answer_text

T = TypeVar("T", bound=BaseModel)


@dataclass(slots=True)
class Dialogue:
    """One question with its answers so far. Nothing that only the provider of an answer understands is sent back.

    A rejected answer and the reason follow the question as plain text, so that any model of a chain can continue.
    """

    prompt: Prompt
    purpose: Purpose
    responses: list[ModelResponse] = field(default_factory=list)
    fault: str = ""
    """Why the latest answer was rejected; empty before the first one."""

    def messages(self) -> list[ModelMessage]:
        """Return the next messages: the question; after a rejection also the latest answer and the reason."""
        if not self.fault:
            return [self._question(self.prompt.user)]
        said, cut = answer_text(self.responses[-1]), self.responses[-1].finish_reason == "length"
        if cut or not said:
            return [self._question(f"{self.prompt.user}\n\n{self._note}")]
        again = ModelRequest(parts=[UserPromptPart(self._note)])
        return [self._question(self.prompt.user), ModelResponse(parts=[TextPart(said)]), again]

    def answer(self, output: T) -> Answer[T]:
        """`output`, found in the latest answer, with the cost of all answers."""
        newest = self.responses[-1]
        record, paid = record_of(newest), self._paid()
        nano = _sum(each.cost_nanousd if each else None for each in paid)
        return Answer(
            output=output,
            provider=record.provider if record else newest.provider_name or "unknown",
            model_id=self.model_name,
            parameters=parameters_of(newest),
            input_tokens=_sum(each.input_tokens if each else None for each in paid),
            output_tokens=_sum(each.output_tokens if each else None for each in paid),
            cost_usd=None if nano is None else dollars(nano),
            calls=len(paid),
            cached=not paid,
        )

    @property
    def model_name(self) -> str:
        """The model that gave the latest answer."""
        record = record_of(self.responses[-1])
        return record.model if record else self.responses[-1].model_name or "unknown"

    @property
    def _note(self) -> str:
        return f"Your answer cannot be used. {self.fault} Answer the whole question again, in the wanted shape."

    def _question(self, user: str) -> ModelRequest:
        system = [SystemPromptPart(self.prompt.system)] if self.prompt.system else []
        return ModelRequest(parts=[*system, UserPromptPart(user)], metadata=paid_for(self.purpose))

    def _paid(self) -> list[CallRecord | None]:
        records = [record_of(response) for response in self.responses]
        return [record for record in records if record is None or not record.cached]


def _sum(amounts: Iterator[int | None]) -> int | None:
    """Return the sum; None if any value is unknown, or if there are none."""
    known = list(amounts)
    return sum(amount for amount in known if amount is not None) if known and None not in known else None
