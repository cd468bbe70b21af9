"""An answer of a wanted shape: how a model is asked for it, and how it is read.

The way it is asked for (a tool that must be called, the provider's own JSON mode, or words) belongs to the model: its
profile says it, and every request offers what each way needs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from tg_parser.llm.question import AnswerRejectedError

T = TypeVar("T", bound=BaseModel)
TOOL = "answer"
_SHOWN_ERRORS = 8


@lru_cache(maxsize=64)
def request_parameters(schema: type[BaseModel]) -> ModelRequestParameters:
    """What a request says of the shape `schema`, whichever way its model is asked."""
    shape = schema.model_json_schema()
    told = "The answer."
    return ModelRequestParameters(
        output_mode="auto",
        output_object=OutputObjectDefinition(json_schema=shape, name=TOOL, description=told),
        output_tools=[ToolDefinition(name=TOOL, parameters_json_schema=shape, description=told, kind="output")],
    )


def answer_text(response: ModelResponse) -> str:
    """The JSON of an answer as the model wrote it: arguments of its call, or its text; empty where there is none."""
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            return part.args_as_json_str()
    return "".join(part.content for part in response.parts if isinstance(part, TextPart)).strip()


def parse_answer(text: str, schema: type[T]) -> T:
    """The answer in `text`, also amid other words or a fence. Raises AnswerRejectedError that tells what is wrong."""
    try:
        return schema.model_validate(orjson.loads(_object(text)))
    except orjson.JSONDecodeError as error:
        raise AnswerRejectedError(f"This is not one JSON object: {error}.") from error
    except ValidationError as error:
        raise AnswerRejectedError(_told(error)) from error


def _object(text: str) -> str:
    """From the first brace to the last; models like to add a Markdown fence, or a sentence before it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _told(error: ValidationError) -> str:
    """Where the answer is wrong and how, without its own words: they would come back in the next answer."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, item['loc'])) or 'the answer'}: {item['msg']}" for item in found[:_SHOWN_ERRORS]]
    if len(found) > _SHOWN_ERRORS:
        lines.append(f"and {len(found) - _SHOWN_ERRORS} more")
    return "; ".join(lines) + "."
