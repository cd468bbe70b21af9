"""Repeats a call if that can help, and otherwise turns its failure into an error for people.

Two things are counted: attempts, with growing pauses, for failures; and seconds for the waits that the provider asks
for, which are not failures and use up no attempt. Both are limited, so no message waits for ever.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import AnalysisError, ProviderError, ProviderUnavailableError
from tg_parser.llm.choice import ModelChoice, address_variable
from tg_parser.llm.failures import PROVIDER_ERRORS, FailureAction, hint, reason, verdict
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.rate_limited import AskedToWaitError
from tg_parser.observability import metrics

REJECTIONS_IN_A_ROW = 5
"""This many rejected requests in a row, without any answer, are not caused by single messages."""


def backoff(attempt: int, retry: RetrySettings, chance: float) -> float:
    """Seconds before another attempt after `attempt` failed ones; `chance` from 0 to 1 spreads them."""
    pause = min(retry.backoff_max, retry.backoff_base * 2.0 ** (attempt - 1))
    return pause * (1 + retry.jitter * chance)


class Retrying(Layer):
    """The outermost wrapper that sees a provider's own errors: it turns them into ours."""

    def __init__(
        self,
        wrapped: Model,
        choice: ModelChoice,
        retry: RetrySettings,
        max_wait: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(wrapped)
        self._choice = choice
        self._retry = retry
        self._max_wait = max_wait
        self._chance = chance
        self._rejected = 0

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer. Raises ProviderError, ProviderUnavailableError, or AnalysisError for this message alone."""
        failed, waited = 0, 0.0
        while True:
            try:
                response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            except AskedToWaitError as asked:
                waited += asked.seconds
                metrics.count_wait("provider", asked.seconds)
                if waited > self._max_wait:
                    raise self._impatient(waited, asked) from asked
            except PROVIDER_ERRORS as error:
                failed += 1
                pause = self._pause(error, failed)
                metrics.count_retry(error)
                await asyncio.sleep(pause)
            else:
                self._rejected = 0
                return response

    def _pause(self, error: Exception, failed: int) -> float:
        """Return the seconds until the next attempt, or raise the final error if there is none."""
        kind, why = verdict(error), reason(error, self._choice.key)
        label = self._choice.label
        if kind is FailureAction.MESSAGE:
            raise AnalysisError(f"{label} rejects this message: {why}.", "Another model may accept it.") from error
        if kind is FailureAction.REJECTED:
            self._rejected += 1
            if self._rejected < REJECTIONS_IN_A_ROW:
                raise AnalysisError(f"{label} rejects this request: {why}.", "Another model may accept it.") from error
        if kind is not FailureAction.AGAIN:
            raise ProviderError(f"{label} cannot be used: {why}.", hint(error, self._choice.provider)) from error
        if failed >= self._retry.max_attempts:
            raise ProviderUnavailableError(
                f"{label} does not answer: {why}.",
                f"Check the network and {address_variable(self._choice.provider)}, and run the same command later; "
                "paid answers are kept.",
            ) from error
        return backoff(failed, self._retry, self._chance())

    def _impatient(self, waited: float, asked: AskedToWaitError) -> ProviderUnavailableError:
        label, most = self._choice.label, self._max_wait
        why = reason(asked.__cause__, self._choice.key) if isinstance(asked.__cause__, Exception) else "no reason given"
        return ProviderUnavailableError(
            f"{label} asks to wait {waited:.0f} s, longer than the {most:.0f} s of LLM_MAX_WAIT: {why}.",
            "Run the same command again later, with a lower --concurrency or LLM_REQUESTS_PER_MINUTE set.",
        )
