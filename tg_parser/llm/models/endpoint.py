"""A provider's model, by our names for parameters: what it is sent, and the timeout."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.parameters import model_settings as settings_for
from tg_parser.llm.models.parameters import parameters_for
from tg_parser.llm.models.response_metadata import with_parameters


class Endpoint(Layer):
    """The innermost wrapper; `model_settings` of a request are a prompt's own parameters, by our names."""

    def __init__(self, wrapped: Model, choice: ModelChoice, llm: LlmSettings) -> None:
        super().__init__(wrapped)
        self._choice = choice
        self._llm = llm
        self._known: dict[tuple[tuple[str, Any], ...], tuple[dict[str, Any], ModelSettings]] = {}

    def parameters(self, prompt: ModelSettings | None) -> dict[str, Any]:
        """The parameters sent with the text, including a prompt's own."""
        return self._prepared(prompt)[0]

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer, marked with the parameters. Raises PROVIDER_ERRORS, such as TimeoutError after LLM_TIMEOUT."""
        parameters, settings = self._prepared(model_settings)
        try:
            async with asyncio.timeout(self._llm.timeout):
                response = await self.wrapped.request(messages, settings, model_request_parameters)
        except (AttributeError, TypeError, LookupError, ValueError) as error:
            raise UnexpectedModelBehavior(f"The provider's package stumbled over the answer: {error!r}") from error
        return with_parameters(response, parameters)

    def _prepared(self, prompt: ModelSettings | None) -> tuple[dict[str, Any], ModelSettings]:
        """Computed once for each set of parameters in the prompts."""
        wanted: dict[str, Any] = dict(prompt or {})
        key = tuple(sorted(wanted.items()))
        if key not in self._known:
            parameters = parameters_for(self._llm, wanted, self._choice, dict(self.wrapped.profile))
            self._known[key] = parameters, settings_for(parameters, self._choice)
        return self._known[key]
