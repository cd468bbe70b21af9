"""Limits over the real wire: what a provider asks to wait is waited by everybody, and costs nobody an answer."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest
from llm_questions import GOOD, asking, open_models, pointed_at, question, settings_of
from llm_servers import LlmServer, Reply, failed, rate_limited

from tg_parser.domain.errors import ProviderUnavailableError
from tg_parser.llm.asking import Llm


def gaps(server: LlmServer) -> list[float]:
    """Seconds between one request and the next."""
    return [later.at - earlier.at for earlier, later in pairwise(server.requests)]


@pytest.mark.parametrize("endpoint", ["chat", "responses", "anthropic", "gemini"])
async def test_all_calls_keep_the_wait_that_one_was_told(endpoint: str) -> None:
    """After one 429 with Retry-After nobody asks before that time is over, also where that one has given up."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            await llm.ask(question())
            server.plan = [rate_limited(1)]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await llm.ask(question())
            answers = await asyncio.gather(*(llm.ask(question()) for _ in range(2)))
    _, refused, *later = server.requests
    assert [answer.output.summary for answer in answers] == ["Rates rose."] * 2
    assert min(asked.at for asked in later) - refused.at >= 1.0


async def test_waits_are_no_failures() -> None:
    """Twice as many 429 as attempts are allowed are sat out."""
    with LlmServer(lambda _: GOOD, [rate_limited(0.05)] * 6) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            answer = await llm.ask(question())
    assert (answer.calls, len(server.requests)) == (1, 7)
    assert min(gaps(server)) >= 0.05


async def test_waits_come_to_an_end() -> None:
    """A provider that asks to wait again and again is left after LLM_MAX_WAIT seconds of it, three waits here."""
    with LlmServer(lambda _: rate_limited(0.3)) as server:
        async with asking(pointed_at(server, "chat"), LLM_MAX_WAIT=0.7) as llm:
            with pytest.raises(
                ProviderUnavailableError, match="longer than the 1 s of LLM_MAX_WAIT: status 429: Slow down"
            ):
                await llm.ask(question())
    assert len(server.requests) == 3


async def test_where_no_wait_is_named_it_grows() -> None:
    """A 429 without Retry-After is followed by pauses that double."""
    with LlmServer(lambda _: GOOD, [rate_limited(None)] * 3) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            await llm.ask(question())
    assert [gap >= least for gap, least in zip(gaps(server), (0.1, 0.2, 0.4), strict=True)] == [True] * 3


async def test_overload_with_a_wait_is_like_a_limit() -> None:
    """503 and 529 with Retry-After are waited for like 429, and use up no attempt."""
    busy = [failed(status, headers={"retry-after-ms": "50"}) for status in (503, 529, 503, 503)]
    with LlmServer(lambda _: GOOD, busy) as server:
        async with asking(pointed_at(server, "anthropic")) as llm:
            assert (await llm.ask(question())).calls == 1
    assert len(server.requests) == 5


async def test_the_wait_in_the_body_of_gemini_is_heard() -> None:
    """Gemini tells the wait in its error's details."""
    body = (
        b'{"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED", "details": '
        b'[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.4s"}]}}'
    )
    with LlmServer(lambda _: GOOD, [Reply(status=429, raw=body)]) as server:
        async with asking(pointed_at(server, "gemini")) as llm:
            await llm.ask(question())
    assert gaps(server)[0] >= 0.4


async def test_what_an_answer_says_is_left_is_heard_before_a_refusal() -> None:
    """Nothing left of 10 calls that are whole again in 4 s: the next call waits for its tenth of that."""
    told = {
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "4s",
    }
    with LlmServer(lambda _: GOOD, [Reply(output=GOOD, headers=told)]) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            await llm.ask(question())
            await llm.ask(question())
    assert gaps(server)[0] >= 0.35


async def test_the_users_calls_a_minute_hold_for_all_stages() -> None:
    """At 600 a minute two stages that share a provider send a call every tenth of a second together."""
    with LlmServer(lambda _: GOOD) as server:
        settings = settings_of(pointed_at(server, "chat"), LLM_REQUESTS_PER_MINUTE=600)
        async with open_models(settings) as models:
            llms = [Llm(await models.chain(stage), 3) for stage in ("processing", "topics")]
            started = time.monotonic()
            await asyncio.gather(*(llm.ask(question()) for llm in llms for _ in range(4)))
    assert len(server.requests) == 8
    assert time.monotonic() - started >= 0.7


async def test_the_users_tokens_a_minute_hold() -> None:
    """Calls of 400 tokens at 60,000 a minute are four tenths of a second apart once their size is known."""
    with LlmServer(lambda _: Reply(output=GOOD, usage=(300, 100))) as server:
        async with asking(pointed_at(server, "chat"), LLM_TOKENS_PER_MINUTE=60_000) as llm:
            for _ in range(3):
                await llm.ask(question())
    assert min(gaps(server)) >= 0.3  # 0.4 but for what a busy machine adds to the first of two calls


async def test_a_storm_of_refusals_costs_no_message() -> None:
    """Thirty callers at once, against a provider that takes twenty a second, all get their answers in the end."""
    allowed = Allowance(rate=20.0, burst=5)
    with LlmServer(lambda _: GOOD if allowed.take() else rate_limited(0.2)) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            answers = await asyncio.gather(*(llm.ask(question()) for _ in range(30)))
    assert [answer.calls for answer in answers] == [1] * 30
    assert allowed.refused > 0


async def test_who_leaves_the_line_blocks_nobody() -> None:
    """Calls that are cancelled while they wait for their turn do not hold up the others."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, "chat"), LLM_REQUESTS_PER_MINUTE=120) as llm:
            tasks = [asyncio.create_task(llm.ask(question())) for _ in range(4)]
            await tasks[0]
            tasks[1].cancel()
            tasks[2].cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in done] == [False, True, True, False]


class Allowance:
    """So many calls a second, and a few at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.left, self.burst, self.at, self.refused = rate, float(burst), burst, time.monotonic(), 0

    def take(self) -> bool:
        """Whether one more call is allowed now."""
        now = time.monotonic()
        self.left, self.at = min(self.burst, self.left + (now - self.at) * self.rate), now
        allowed = self.left >= 1
        self.left -= allowed
        self.refused += not allowed
        return allowed
