"""Models that stand in for each other, in order of preference."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import structlog
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.domain.errors import ProviderError, ProviderUnavailableError
from tg_parser.llm.models.layer import Layer

log = structlog.get_logger(__name__)
ModelFailure = ProviderError | ProviderUnavailableError
_LONGER = 20
"""What only a person can fix is retried this many times less often than what may pass by itself."""


class _Rest(NamedTuple):
    """Until when a model is skipped, in seconds of the loop's clock, and the error it failed with."""

    until: float
    error: ModelFailure


class Fallback(Layer):
    """Asks the first of `models` that is available.

    One that does not answer is skipped for `rest` seconds; one that is wrongly set up (no credit, a wrong key) for many
    times longer. Then a single call tries it: if that is answered, it is the first again. An error caused by one
    message goes no further: another model would be paid for the same.
    """

    def __init__(self, models: Sequence[Model], rest: float) -> None:
        super().__init__(models[0])
        self._models = list(models)
        self._rest = rest
        self._resting: dict[int, _Rest] = {}

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The first answer. Raises ProviderError or ProviderUnavailableError with the reason of each model."""
        found: dict[int, ModelFailure] = {number: rest.error for number, rest in self._resting.items()}
        for number in self._order():
            self._begin_trial(number)
            try:
                response = await self._models[number].request(messages, model_settings, model_request_parameters)
            except (ProviderError, ProviderUnavailableError) as error:
                found[number] = error
                self._rest_from(number, error)
            else:
                self._recovered(number)
                return response
        raise _all([found[number] for number in sorted(found)])

    def _order(self) -> list[int]:
        """The models to try, in order. Resting ones come last, and only if waiting alone may have helped them."""
        now = asyncio.get_running_loop().time()
        resting = {number: rest.error for number, rest in self._resting.items() if rest.until > now}
        last = [number for number in sorted(resting) if isinstance(resting[number], ProviderUnavailableError)]
        return [number for number in range(len(self._models)) if number not in resting] + last

    def _begin_trial(self, number: int) -> None:
        """A model whose rest is over is tried by one call; the others skip it until that is answered."""
        if number in self._resting:
            self._resting[number] = self._resting[number]._replace(until=self._after(self._rest))

    def _rest_from(self, number: int, error: ModelFailure) -> None:
        times = _LONGER if isinstance(error, ProviderError) else 1
        if number not in self._resting and number + 1 < len(self._models):
            log.warning(f"{error.message} The next model takes over.")
        self._resting[number] = _Rest(self._after(times * self._rest), error)

    def _recovered(self, number: int) -> None:
        if self._resting.pop(number, None) is not None:
            log.warning(f"{self._models[number].model_name} answers again.")

    def _after(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds


def _all(errors: Sequence[ModelFailure]) -> ModelFailure:
    """One error for all models; final if each of them is."""
    if len(errors) == 1:
        return errors[0]
    message = "No model can be asked. " + " ".join(error.message for error in errors)
    waiting = [error for error in errors if isinstance(error, ProviderUnavailableError)]
    if waiting:
        return ProviderUnavailableError(message, waiting[0].hint, **waiting[0].data)
    return ProviderError(message, errors[0].hint, **errors[0].data)
