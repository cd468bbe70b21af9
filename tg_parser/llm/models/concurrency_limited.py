"""A model whose calls take a slot of their run, if it has any."""

from __future__ import annotations

import asyncio

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.llm.models.layer import Layer
from tg_parser.llm.slots import SLOTS


class ConcurrencyLimited(Layer):
    """Wraps the whole chain below the cache: a stored answer takes no slot."""

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The chain's answer, once a slot was free. Raises RunEndsError if the run ends before that."""
        slots = SLOTS.get()
        if slots is None:
            return await self.wrapped.request(messages, model_settings, model_request_parameters)
        async with slots.one():
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        # Whoever waits for the slot starts its call first, because handling this answer takes longer than that.
        await asyncio.sleep(0)
        return response
