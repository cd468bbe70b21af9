"""Repeats a question until its answer matches the schema and passes the check, or the attempts are used up.

A rejected answer still has to be paid for: tokens and dollars of an Answer cover all its calls.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, cast

from pydantic import BaseModel
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from tg_parser.domain.errors import AnalysisError, UnusableAnswerError
from tg_parser.llm.dialogue import Dialogue
from tg_parser.llm.question import Answer, AnswerRejectedError, Question
from tg_parser.llm.structured import answer_text, parse_answer, request_parameters

T = TypeVar("T", bound=BaseModel)
_SHOWN_CHARS = 300


class AnswerKeeper(Protocol):
    """A cache that serves only answers marked as valid."""

    def keep(self, first: ModelResponse, accepted: ModelResponse) -> None:
        """Serve `accepted` when the question that first got `first` is asked again; they differ after a rejection."""
        ...


class Llm:
    """Asks `model`, a whole chain of wrappers, at most `max_attempts` times."""

    def __init__(self, model: Model, max_attempts: int, keeper: AnswerKeeper | None = None) -> None:
        self._model = model
        self._max_attempts = max_attempts
        self._keeper = keeper

    async def ask(self, question: Question[T]) -> Answer[T]:
        """The first good answer. Raises AnalysisError if there was none, and passes on ProviderError,
        ProviderUnavailableError and BudgetError from the model.
        """
        dialogue = Dialogue(question.prompt, question.purpose)
        parameters = request_parameters(question.schema)
        settings = cast(ModelSettings, dict(question.prompt.parameters))
        for _ in range(self._max_attempts):
            response = await self._model.request(dialogue.messages(), settings, parameters)
            dialogue.responses.append(response)
            try:
                output = await _accepted(response, question)
            except AnswerRejectedError as fault:
                dialogue.fault = str(fault)
            else:
                if self._keeper is not None:
                    self._keeper.keep(dialogue.responses[0], response)
                return dialogue.answer(output)
        raise UnusableAnswerError(
            f"The answer of {dialogue.model_name} to the prompt {question.prompt.name!r} was refused "
            f"{_times(self._max_attempts)}: {_short(dialogue.fault)}",
            case="answer_refused",
            model=dialogue.model_name,
        )


async def _accepted(response: ModelResponse, question: Question[T]) -> T:
    """The output of a good answer. Raises AnswerRejectedError if asking again may help, else AnalysisError."""
    if response.finish_reason == "content_filter":
        raise AnalysisError(f"The model refuses to answer: {_refusal(response)}", "Another model may accept it.")
    text = answer_text(response)
    if response.finish_reason == "length":
        raise AnswerRejectedError("The answer was cut off at the maximum length; answer more briefly.")
    if not text:
        raise AnswerRejectedError("The answer was empty.")
    output = parse_answer(text, question.schema)
    if question.check is not None and (checking := question.check(output)) is not None:
        await checking
    return output


def _refusal(response: ModelResponse) -> str:
    details = response.provider_details or {}
    cause = details.get("refusal") or details.get("block_reason") or details.get("finish_reason") or "content filter"
    return f"{_short(str(cause))}."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
