"""How fast a provider may be asked: decisions without a clock."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from math import inf

import pytest
from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from tg_parser.config.settings import RetrySettings
from tg_parser.llm.models.pacing import AdaptiveRate, Headroom, Pacer, duration, headroom
from tg_parser.llm.models.retrying import backoff
from tg_parser.llm.spending.sizes import estimated_tokens

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


def test_nothing_is_held_back_before_the_first_refusal() -> None:
    """Without a limit of the user's there is none until the provider names one."""
    assert AdaptiveRate().rate(100.0) == inf
    assert AdaptiveRate(2.0).rate(100.0) == 2.0


def test_after_the_first_refusal_the_measured_rate_is_kept_and_doubled_with_time() -> None:
    """Ten a second went well; half a pause later, twice as many are tried."""
    adaptive_rate = AdaptiveRate()
    adaptive_rate.refused(0.0, 2.0, 10.0)
    assert adaptive_rate.rate(2.0) == 10.0
    assert adaptive_rate.rate(2.5) == pytest.approx(14.14, abs=0.01)
    assert adaptive_rate.rate(3.0) == pytest.approx(20.0)


def test_later_refusals_take_a_step_back_and_the_way_up_is_slow() -> None:
    """From 20 a second it falls to 17, and after twenty pauses is two thirds of the way back."""
    adaptive_rate = AdaptiveRate(20.0)
    adaptive_rate.refused(0.0, 1.0, 1.0)
    assert adaptive_rate.rate(1.0) == pytest.approx(17.0)
    assert adaptive_rate.rate(21.0) == pytest.approx(18.9, abs=0.05)


def test_a_rate_that_nobody_uses_up_does_not_rise() -> None:
    """An hour of few calls proves nothing about many."""
    adaptive_rate = AdaptiveRate()
    adaptive_rate.refused(0.0, 2.0, 10.0)
    assert [adaptive_rate.rate(float(second), used_up=False) for second in (2, 60, 3600)] == [10.0, 10.0, 10.0]


def test_the_users_limit_is_never_exceeded() -> None:
    """However long nothing is refused, LLM_REQUESTS_PER_MINUTE holds."""
    adaptive_rate = AdaptiveRate(20.0)
    adaptive_rate.refused(0.0, 1.0, 1.0)
    assert [adaptive_rate.rate(float(second)) <= 20.0 for second in range(10_000)] == [True] * 10_000


def test_a_rhythm_is_even() -> None:
    """At four a second the moments are a quarter of a second apart, and idle time is not made up for."""
    pacer = Pacer()
    assert [pacer.reserve(10.0, 4.0) for _ in range(3)] == [10.0, 10.25, 10.5]
    assert [pacer.reserve(20.0, 4.0) for _ in range(2)] == [20.0, 20.25]


def test_tokens_are_corrected_by_what_was_really_used() -> None:
    """A call that took 300 tokens more than reserved moves the next one by three seconds at 100 a second."""
    pacer = Pacer()
    pacer.reserve(0.0, 100.0, 200)
    pacer.correct(100.0, 300)
    assert pacer.reserve(0.0, 100.0, 1) == 5.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("1h2m3.5s", 3723.5),
        ("20", 20.0),
        ("2026-07-01T12:00:30Z", 30.0),
        ("2026-07-01T11:00:00+00:00", 0.0),
        ("2026-07-01T12:00:30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_reset_is_read_in_every_form(text: str, seconds: float | None) -> None:
    """OpenAI tells durations, Anthropic moments, others seconds; what is none of them is not guessed."""
    assert duration(text, NOW) == seconds


def test_headers_of_openai_and_anthropic_tell_the_same() -> None:
    """Limit, what is left and when it is whole again, in either's names."""
    openai = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60s",
    }
    anthropic = {
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "100",
        "anthropic-ratelimit-tokens-reset": "2026-07-01T12:00:09Z",
    }
    assert headroom(openai, "requests", NOW) == Headroom(60, 0, 60)
    assert headroom(anthropic, "tokens", NOW) == Headroom(1000, 100, 9)
    assert headroom(openai, "tokens", NOW) is None
    assert headroom({**openai, "x-ratelimit-limit-requests": "many"}, "requests", NOW) is None


@pytest.mark.parametrize(
    ("room", "needed", "pause"),
    [
        (Headroom(60, 0, 60), 1, 1.0),
        (Headroom(60, 1, 60), 1, 0.0),
        (Headroom(1000, 100, 9), 500, 4.0),
        (Headroom(1000, 100, 9), 5000, 9.0),
        (Headroom(0, 0, 9), 1, 0.0),
    ],
)
def test_the_pause_is_as_long_as_the_refill_takes(room: Headroom, needed: int, pause: float) -> None:
    """One call of sixty a minute is back after a second; nobody waits for the whole minute."""
    assert room.pause(needed) == pytest.approx(pause)


def test_pauses_grow_and_are_capped() -> None:
    """1, 2, 4 … seconds to the longest allowed, with a random share on top."""
    retry = RetrySettings(_env_file=None, RETRY_BACKOFF_BASE=1, RETRY_BACKOFF_MAX=5, RETRY_JITTER=0.5)
    assert [backoff(attempt, retry, 0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert backoff(2, retry, 1) == 3.0


@pytest.mark.parametrize(
    ("allowed", "burst", "pause"), [(20.0, 5, 1.0), (20.0, 20, 1.0), (20.0, 5, 0.25), (100.0, 10, 1.0), (5.0, 5, 2.0)]
)
def test_the_rate_settles_at_what_a_provider_allows(allowed: float, burst: int, pause: float) -> None:
    """Against a provider that refuses what is above its rate, five minutes bring four fifths of it and few refusals."""
    answered, refused = _against(allowed, burst, pause, seconds=300.0)
    assert answered / (allowed * 300) > 0.8
    assert refused < 0.05 * answered + 60


def _against(allowed: float, burst: int, pause: float, seconds: float) -> tuple[int, int]:
    """Calls of 0.1 s, fifty at once, at the tempo; answered and refused ones. Time passes from call to call."""
    adaptive_rate, pacer = AdaptiveRate(), Pacer()
    now, left, refilled, closed, since, answered, refused = 0.0, float(burst), 0.0, 0.0, 0.0, 0, 0
    well = 0
    running: list[tuple[float, bool, float]] = []
    while now < seconds:
        rate = adaptive_rate.rate(max(now, closed))
        start = pacer.reserve(max(now, closed), rate) if rate < inf else max(now, closed)
        while running and (running[0][0] <= start or len(running) >= 50):
            now, good, started = heapq.heappop(running)
            if good:
                answered, well = answered + 1, well + 1
                continue
            refused += 1
            if started >= since:
                adaptive_rate.refused(now, pause, max(1, well) / max(1.0, now - since))
                since, well, closed = now + pause, 0, now + pause
                pacer.restart(closed)
                start = closed
        now = max(now, start)
        left, refilled = min(burst, left + (now - refilled) * allowed), now
        good = left >= 1
        left -= good
        heapq.heappush(running, (now + (0.1 if good else 0.01), good, now))
    return answered, refused


def test_sizes_are_estimated_by_script() -> None:
    """Four letters of English or two of Russian are about a token; the schema of the answer counts too."""
    said = [ModelRequest(parts=[SystemPromptPart("abcd" * 10), UserPromptPart("слов" * 10)])]
    assert estimated_tokens(said, ModelRequestParameters()) == 30
    tool = ToolDefinition(name="answer", parameters_json_schema={"type": "object"})
    assert estimated_tokens(said, ModelRequestParameters(output_tools=[tool])) == 34.25
