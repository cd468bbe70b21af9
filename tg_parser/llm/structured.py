"""Requests an answer with a schema, and parses it.

How it is requested (a tool that must be called, the provider's own JSON mode, or words) depends on the model: its
profile says so, and every request offers what each way needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from tg_parser.llm.question import AnswerRejectedError

T = TypeVar("T", bound=BaseModel)
TOOL = "answer"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_END_OF_THOUGHTS = "</think>"
"""What comes before it is reasoning, whether or not it was opened with a tag."""
_SHOWN_ERRORS = 8


@lru_cache(maxsize=64)
def request_parameters(schema: type[BaseModel]) -> ModelRequestParameters:
    """The request parameters for `schema`, whichever way its model is asked."""
    shape = schema.model_json_schema()
    description = "The answer."
    return ModelRequestParameters(
        output_mode="auto",
        output_object=OutputObjectDefinition(json_schema=shape, name=TOOL, description=description),
        output_tools=[ToolDefinition(name=TOOL, parameters_json_schema=shape, description=description, kind="output")],
    )


def answer_text(response: ModelResponse) -> str:
    """Return the JSON of an answer as written by the model: arguments of its call, or its text; empty if none."""
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            return part.args_as_json_str()
    return "".join(part.content for part in response.parts if isinstance(part, TextPart)).strip()


def parse_answer(text: str, schema: type[T]) -> T:
    """The answer in `text`, even among other words, in a fence, after reasoning, or given twice.

    Raises AnswerRejectedError with the reason.
    """
    said = text.rpartition(_END_OF_THOUGHTS)[2]
    fault = AnswerRejectedError("This is not one JSON object.")
    answers: list[T] = []
    for found in _objects(said):
        try:
            answer = schema.model_validate(found)
        except ValidationError as error:
            fault = AnswerRejectedError(_problems(error))
        else:
            answers += [answer] if answer not in answers else []
    if len(answers) > 1:
        raise AnswerRejectedError(f"These are {len(answers)} different answers; give one.")
    if not answers:
        raise fault
    return answers[0]


def _objects(text: str) -> Iterator[Any]:
    """The outermost JSON objects in `text`. Braces in prose are ignored."""
    start = text.find("{")
    while start >= 0:
        try:
            found, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield found
        start = text.find("{", end)


def _problems(error: ValidationError) -> str:
    """Where the answer is wrong and how, without quoting it: its words would come back in the next answer."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, item['loc'])) or 'the answer'}: {item['msg']}" for item in found[:_SHOWN_ERRORS]]
    if len(found) > _SHOWN_ERRORS:
        lines.append(f"and {len(found) - _SHOWN_ERRORS} more")
    return "; ".join(lines) + "."
