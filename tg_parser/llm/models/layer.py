"""The base of our wrappers around a model: nothing of pydantic-ai's own runs once more for each of them.

pydantic-ai wraps the `async def request` of every class of models in work for the call as a whole: a budget for files
to be downloaded, and the restoring of special tokens. The innermost model, which talks to the provider, does all of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Coroutine
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings


class Layer(WrapperModel):
    """A wrapper that says in `respond` what it adds to a call."""

    def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> Coroutine[Any, Any, ModelResponse]:
        """What `respond` answers. It is no coroutine function, for those are wrapped."""
        return self.respond(messages, model_settings, model_request_parameters)

    @abstractmethod
    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer to `messages`."""
