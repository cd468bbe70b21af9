"""Builds the models of each stage from settings, with everything that makes them dependable.

From the outside in: the chain of fallbacks, and for each model in it: retried, rate limited, priced, given its
parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from pydantic_ai.models import Model

from tg_parser.config.settings import Settings
from tg_parser.llm.choice import ModelChoice, Stage, model_chain
from tg_parser.llm.models.clients import provider_model
from tg_parser.llm.models.connections import Connections, Line
from tg_parser.llm.models.endpoint import Endpoint
from tg_parser.llm.models.fallback import Fallback
from tg_parser.llm.models.rate_limited import Limited
from tg_parser.llm.models.retrying import Retrying

Pricing = Callable[[Model, ModelChoice], Model]
"""Wraps the model of a choice into one that counts what it costs."""


class Models:
    """The models of all stages of one run."""

    def __init__(self, settings: Settings, connections: Connections) -> None:
        self._settings = settings
        self._connections = connections
        self._made: dict[ModelChoice, Endpoint] = {}

    async def chain(self, stage: Stage, pricing: Pricing | None = None) -> Model:
        """The model of a stage with its fallbacks. Raises ProviderError, and what `pricing` raises."""
        models = [await self._dependable(choice, pricing) for choice in self._choices(stage)]
        return models[0] if len(models) == 1 else Fallback(models, self._settings.retry.backoff_max)

    async def identity(self, stage: Stage) -> str:
        """The model asked first, and how, in one line: with the same identity, two runs would get the same answers."""
        choice = self._choices(stage)[0]
        endpoint = await self._endpoint(choice)
        parts = [choice.provider, choice.model, choice.base_url, endpoint.parameters(None)]
        return json.dumps(parts, sort_keys=True)

    def _choices(self, stage: Stage) -> list[ModelChoice]:
        return model_chain(self._settings.llm, stage)

    async def _dependable(self, choice: ModelChoice, pricing: Pricing | None) -> Model:
        endpoint, line = await self._endpoint(choice), await self._line(choice)
        priced = pricing(endpoint, choice) if pricing else endpoint
        return Retrying(Limited(priced, line.limiter), choice, self._settings.retry, self._settings.llm_limits.max_wait)

    async def _endpoint(self, choice: ModelChoice) -> Endpoint:
        if choice not in self._made:
            model = provider_model(self._settings.llm, choice, (await self._line(choice)).http)
            self._made[choice] = Endpoint(model, choice, self._settings.llm)
        return self._made[choice]

    async def _line(self, choice: ModelChoice) -> Line:
        return await self._connections.line(choice, self._settings)
