"""How many tokens a call will take, roughly and before it is made."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import ModelRequestParameters

_BYTES_PER_TOKEN = 4
"""Of UTF-8: about four letters of English or two of Russian."""


def estimated_tokens(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> float:
    """Tokens of what is sent; what comes back is counted when it is known."""
    said = sum(len(str(getattr(part, "content", "")).encode()) for message in messages for part in message.parts)
    shape = sum(len(orjson.dumps(tool.parameters_json_schema)) for tool in parameters.output_tools)
    return (said + shape) / _BYTES_PER_TOKEN
