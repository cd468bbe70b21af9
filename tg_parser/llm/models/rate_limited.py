"""One rate limiter per provider for all calls of the process: when it says "too many", everybody waits.

How many calls a second it allows is learned from the provider's refusals, or set by the user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import inf

import structlog
from pydantic_ai.exceptions import ModelRateLimitError, ModelUnavailableError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from tg_parser.config.announced_waits import wait_with_notice
from tg_parser.config.llm_settings import LlmLimitSettings
from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import ProviderUnavailableError
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.failures import asked_wait
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.pacing import AdaptiveRate, Pacer, headroom
from tg_parser.llm.spending.sizes import estimated_tokens

log = structlog.get_logger(__name__)
_NEWS_SECONDS = 5.0
"""Shorter waits are not reported."""


class RateLimiter:
    """Spaces calls; its state is all that is known about the provider's limits."""

    def __init__(self, name: str, limits: LlmLimitSettings, retry: RetrySettings) -> None:
        self.name = name
        self._max_wait = limits.max_wait
        self._retry = retry
        self._adaptive_rate = AdaptiveRate(_a_second(limits.requests_per_minute))
        self._requests = Pacer()
        self._token_rate = _a_second(limits.tokens_per_minute)
        self._tokens = Pacer()
        self._usual_tokens = 1.0
        self._turn = asyncio.Lock()
        self._closed_until = 0.0
        self._counting_since = 0.0
        self._answered = 0
        self._refused_in_a_row = 0

    @property
    def needs_sizes(self) -> bool:
        """Whether the number of tokens of a call matters."""
        return self._token_rate is not None

    async def enter(self, tokens: float) -> float:
        """Wait until this call may be made; returns that moment. Raises ProviderUnavailableError if too far off."""
        loop = asyncio.get_running_loop()
        # One after another: a later call goes by what is known when its turn comes, not when it queued.
        async with self._turn:
            await self._opened()
            while (moment := self._reserved(loop.time(), tokens)) > loop.time():
                await asyncio.sleep(moment - loop.time())
                if not await self._opened():
                    break
            self._counting_since = self._counting_since or loop.time()
            return loop.time()

    async def _opened(self) -> bool:
        """Wait while calls are blocked; returns whether they were."""
        loop = asyncio.get_running_loop()
        was_closed = False
        while (closed := self._closed_until - loop.time()) > 0:
            was_closed = True
            self._require_patience(closed)
            await wait_with_notice(closed, self.name)
        return was_closed

    def went_well(self, reserved: float, used: float) -> None:
        """An answer came, and took `used` tokens."""
        self._answered += 1
        self._refused_in_a_row = 0
        self._usual_tokens += 0.1 * (used - self._usual_tokens)
        if self._token_rate is not None:
            self._tokens.correct(self._token_rate, used - reserved)

    def refused(self, started: float, asked: float | None) -> float:
        """The provider said "too many" to a call begun at `started`: everybody waits. Returns the wait in seconds."""
        now = asyncio.get_running_loop().time()
        # Calls that were in flight before the last refusal say nothing new.
        fresh = started >= self._counting_since
        self._refused_in_a_row += fresh
        wait = asked or self._own_wait()
        if fresh:
            self._adaptive_rate.refused(now, wait, max(1, self._answered) / max(1.0, now - self._counting_since))
            self._counting_since, self._answered = now + wait, 0
        self._close(wait)
        return wait

    def note(self, headers: Mapping[str, str]) -> None:
        """Note the limits in a response's headers; if nothing is left, calls wait before they are refused."""
        now = utc_now()
        for kind, needed in (("requests", 1.0), ("tokens", self._usual_tokens)):
            room = headroom(headers, kind, now)
            if room is not None and (pause := min(room.pause(needed), self._retry.backoff_max)) > 0:
                self._close(pause)

    def _reserved(self, now: float, tokens: float) -> float:
        rate = self._adaptive_rate.rate(now, used_up=self._requests.is_ahead(now))
        moment = self._requests.reserve(now, rate) if rate < inf else now
        if self._token_rate is not None:
            moment = max(moment, self._tokens.reserve(now, self._token_rate, tokens))
        return moment

    def _own_wait(self) -> float:
        """The wait if the provider names none: longer with each refusal, until an answer comes."""
        return min(self._retry.backoff_max, self._retry.backoff_base * 2.0 ** max(0, self._refused_in_a_row - 1))

    def _close(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        if until > self._closed_until:
            self._closed_until = until
            self._requests.restart(until)
            if seconds >= _NEWS_SECONDS:
                log.warning(f"{self.name} asks to wait {seconds:.0f} s; all calls to it wait.")

    def _require_patience(self, wait: float) -> None:
        if wait > self._max_wait:
            raise ProviderUnavailableError(
                f"{self.name} asks to wait {wait:.0f} s, longer than the {self._max_wait:.0f} s of LLM_MAX_WAIT.",
                "Run the same command again after that time; paid answers are kept.",
            )


def _a_second(per_minute: int | None) -> float | None:
    return None if per_minute is None else per_minute / 60


class AskedToWaitError(Exception):
    """The provider asks to call less often; calls to it are blocked for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Limited(Layer):
    """A model behind the rate limiter of its provider."""

    def __init__(self, wrapped: Model, limiter: RateLimiter) -> None:
        super().__init__(wrapped)
        self._limiter = limiter

    async def respond(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The model's answer, when its turn has come. Raises AskedToWaitError; the next try waits in the limiter."""
        limiter = self._limiter
        tokens = estimated_tokens(messages, model_request_parameters) if limiter.needs_sizes else 0.0
        started = await limiter.enter(tokens)
        try:
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        except (ModelRateLimitError, ModelUnavailableError) as error:
            asked = asked_wait(error)
            if asked is None and not isinstance(error, ModelRateLimitError):
                raise
            raise AskedToWaitError(limiter.refused(started, asked)) from error
        limiter.went_well(tokens, response.usage.input_tokens + response.usage.output_tokens)
        return response
