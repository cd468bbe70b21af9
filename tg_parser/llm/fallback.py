"""Models that stand in for each other, in the order in which they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from tg_parser.domain.errors import ProviderError, ProviderUnavailableError

log = structlog.get_logger(__name__)


class Fallback(WrapperModel):
    """Asks the first of `models` that can be asked.

    One that is set up wrongly is not asked again; one that does not answer is passed over for `rest` seconds. What is
    one message's own fault goes no further: another model would be paid for the same.
    """

    def __init__(self, models: Sequence[Model], rest: float) -> None:
        super().__init__(models[0])
        self._models = list(models)
        self._rest = rest
        self._resting: dict[int, float] = {}
        self._broken: dict[int, ProviderError] = {}

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The first answer. Raises ProviderError or ProviderUnavailableError with the reason of each model."""
        found: dict[int, ProviderError | ProviderUnavailableError] = dict(self._broken)
        for number in self._order():
            try:
                return await self._models[number].request(messages, model_settings, model_request_parameters)
            except (ProviderError, ProviderUnavailableError) as error:
                found[number] = error
                self._note(number, error)
        raise _all([found[number] for number in sorted(found)])

    def _order(self) -> list[int]:
        """Who is asked, in turn: those that rest come last, and are asked only where nobody else answers."""
        now = asyncio.get_running_loop().time()
        usable = [number for number in range(len(self._models)) if number not in self._broken]
        return sorted(usable, key=lambda number: (self._resting.get(number, 0.0) > now, number))

    def _note(self, number: int, error: ProviderError | ProviderUnavailableError) -> None:
        first = number not in self._broken and number not in self._resting
        if isinstance(error, ProviderError):
            self._broken[number] = error
        else:
            self._resting[number] = asyncio.get_running_loop().time() + self._rest
        if first and number + 1 < len(self._models):
            log.warning(f"{error.message} The next model stands in.")


def _all(errors: Sequence[ProviderError | ProviderUnavailableError]) -> ProviderError | ProviderUnavailableError:
    """One error for all: final where each of them is."""
    if len(errors) == 1:
        return errors[0]
    message = "No model can be asked. " + " ".join(error.message for error in errors)
    waiting = [error for error in errors if isinstance(error, ProviderUnavailableError)]
    if waiting:
        return ProviderUnavailableError(message, waiting[0].hint)
    return ProviderError(message, errors[0].hint)
