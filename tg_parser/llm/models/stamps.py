"""What a model's own settings were when it answered rides on its answer, for the provenance of a document."""

from __future__ import annotations

from typing import Any

from pydantic_ai.messages import ModelResponse

_PARAMETERS = "parameters"


def parameters_of(response: ModelResponse) -> dict[str, Any]:
    """What the model was told beside the words (temperature, longest answer, …); empty where nobody noted it."""
    found = (response.metadata or {}).get(_PARAMETERS)
    return dict(found) if isinstance(found, dict) else {}


def with_parameters(response: ModelResponse, parameters: dict[str, Any]) -> ModelResponse:
    """The same response with what the model was told; plain JSON, so that it can be stored."""
    response.metadata = {**(response.metadata or {}), _PARAMETERS: parameters}
    return response
