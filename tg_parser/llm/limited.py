"""One gate a provider, which all calls of the process go through: when it says "too many", everybody waits.

How many calls run at once adapts: half as many after a "too many", one more after each round that went well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

import structlog
from pydantic_ai.exceptions import ModelRateLimitError, ModelUnavailableError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from tg_parser.config.llm_settings import LlmLimitSettings
from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import ProviderUnavailableError
from tg_parser.domain.times import utc_now
from tg_parser.llm.failures import asked_wait
from tg_parser.llm.pacing import WIDE_OPEN, Rhythm, headroom, narrowed, widened
from tg_parser.llm.sizes import estimated_tokens

log = structlog.get_logger(__name__)
_QUIETLY = 5.0
"""Seconds; a shorter wait is nobody's news."""


class Gate:
    """Lets calls through; its state is all that is known of the provider's patience."""

    def __init__(self, name: str, limits: LlmLimitSettings, retry: RetrySettings) -> None:
        self.name = name
        self.window = WIDE_OPEN
        self._max_wait = limits.max_wait
        self._retry = retry
        self._requests = Rhythm(limits.requests_per_minute) if limits.requests_per_minute else None
        self._tokens = Rhythm(limits.tokens_per_minute) if limits.tokens_per_minute else None
        self._running = 0
        self._closed_until = 0.0
        self._narrowed_at = 0.0
        self._refused_in_a_row = 0
        self._usual_tokens = 1.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def needs_sizes(self) -> bool:
        """Whether it matters how many tokens a call takes."""
        return self._tokens is not None

    async def enter(self, tokens: float) -> float:
        """Wait for this call's turn; the moment it has it. Raises ProviderUnavailableError for too long a wait."""
        await self._place()
        try:
            await self._moment(tokens)
        except BaseException:
            self.leave()
            raise
        return asyncio.get_running_loop().time()

    def leave(self) -> None:
        """The call is over, however it ended."""
        self._running -= 1
        self._let_in()

    def went_well(self, reserved: float, used: float) -> None:
        """An answer came, and took `used` tokens."""
        self._refused_in_a_row = 0
        self.window = widened(self.window) if self.window < WIDE_OPEN else self.window
        self._usual_tokens += 0.1 * (used - self._usual_tokens)
        if self._tokens is not None:
            self._tokens.correct(used - reserved)

    def refused(self, started: float, asked: float | None) -> float:
        """The provider said "too many" to a call that began at `started`: everybody waits. The wait in seconds."""
        now = asyncio.get_running_loop().time()
        # Calls that were on their way before the last narrowing tell nothing new.
        if started >= self._narrowed_at:
            self.window = narrowed(self.window, self._running)
            self._narrowed_at = now
            self._refused_in_a_row += 1
        wait = asked or min(
            self._retry.backoff_max, self._retry.backoff_base * 2.0 ** (max(1, self._refused_in_a_row) - 1)
        )
        self._close(wait)
        return wait

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer's headers say of the limits; where nothing is left, calls wait before they are refused."""
        now = utc_now()
        for kind, needed in (("requests", 1.0), ("tokens", self._usual_tokens)):
            room = headroom(headers, kind, now)
            if room is not None and (pause := min(room.pause(needed), self._retry.backoff_max)) > 0:
                self._close(pause)

    def _close(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        if until > self._closed_until:
            self._closed_until = until
            if seconds >= _QUIETLY:
                log.warning(f"{self.name} asks to wait {seconds:.0f} s; all calls to it wait.")

    async def _place(self) -> None:
        if self._running >= self.window or self._waiting:
            place = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.cancelled():
                    self._waiting.remove(place)
                else:
                    self.leave()
                raise
        else:
            self._running += 1

    def _let_in(self) -> None:
        while self._waiting and self._running < self.window:
            place = self._waiting.popleft()
            if not place.done():
                self._running += 1
                place.set_result(None)

    async def _moment(self, tokens: float) -> None:
        """Wait until the gate is open and the rhythm allows the call; a wait in between puts it behind the others."""
        loop = asyncio.get_running_loop()
        while True:
            while (closed := self._closed_until - loop.time()) > 0:
                if closed > self._max_wait:
                    raise self._too_long(closed)
                await asyncio.sleep(closed)
            moment = self._reserved(loop.time(), tokens)
            if moment <= loop.time():
                return
            await asyncio.sleep(moment - loop.time())
            if self._closed_until <= loop.time():
                return

    def _reserved(self, now: float, tokens: float) -> float:
        calls = self._requests.reserve(now) if self._requests is not None else now
        return max(calls, self._tokens.reserve(now, tokens)) if self._tokens is not None else calls

    def _too_long(self, wait: float) -> ProviderUnavailableError:
        return ProviderUnavailableError(
            f"{self.name} asks to wait {wait:.0f} s, longer than the {self._max_wait:.0f} s of LLM_MAX_WAIT.",
            "Run the same command again after that time; nothing that was paid for is lost.",
        )


class AskedToWaitError(Exception):
    """The provider asks to call less often; its gate is closed for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Limited(WrapperModel):
    """A model behind the gate of its provider."""

    def __init__(self, wrapped: Model, gate: Gate) -> None:
        super().__init__(wrapped)
        self._gate = gate

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The model's answer, when its turn has come. Raises AskedToWaitError; asking again waits at the gate."""
        gate = self._gate
        tokens = estimated_tokens(messages, model_request_parameters) if gate.needs_sizes else 0.0
        started = await gate.enter(tokens)
        try:
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        except (ModelRateLimitError, ModelUnavailableError) as error:
            asked = asked_wait(error)
            if asked is None and not isinstance(error, ModelRateLimitError):
                raise
            raise AskedToWaitError(gate.refused(started, asked)) from error
        finally:
            gate.leave()
        gate.went_well(tokens, response.usage.input_tokens + response.usage.output_tokens)
        return response
