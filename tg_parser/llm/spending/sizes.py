"""Estimates how many tokens a call will take before it is made."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import ModelRequestParameters

_BYTES_PER_TOKEN = 4
"""In UTF-8: about four letters of English or two of Russian."""


def estimated_tokens(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> float:
    """Tokens of the request; those of the response are counted when known."""
    said = sum(len(str(getattr(part, "content", "")).encode()) for message in messages for part in message.parts)
    shape = sum(len(orjson.dumps(tool.parameters_json_schema)) for tool in parameters.output_tools)
    return (said + shape) / _BYTES_PER_TOKEN
