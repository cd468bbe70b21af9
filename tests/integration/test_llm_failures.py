"""Failures of providers over the real wire: which are tried again, which stop a run, which are one message's own."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from llm_questions import ENDPOINTS, GOOD, asking, open_models, pointed_at, question, settings_of
from llm_servers import (
    SECRET,
    LlmServer,
    Reply,
    dropped,
    failed,
    filtered,
    html,
    no_model,
    no_money,
    payment_required,
    rate_limited,
    refused,
    rejected,
    unreachable_url,
    wrong_key,
)
from llm_wire import Asked

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.settings import RetrySettings
from tg_parser.domain.errors import AnalysisError, ProviderError, ProviderUnavailableError
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.retrying import REJECTIONS_IN_A_ROW

PASSING = {
    "500": failed(500),
    "503": failed(503),
    "529": failed(529, error_code="overloaded_error"),
    "408": failed(408),
    "a dropped connection": dropped(),
    "a connection dropped in the middle": dropped("middle"),
    "a page": html(),
    "a page with 502": html(502),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_what_passes_is_tried_again_once_each_time(endpoint: str) -> None:
    """After each passing failure one more request is made, by us alone, and the answer comes."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            for name, failure in PASSING.items():
                server.plan, server.requests = [failure], []
                answer = await llm.ask(question())
                assert (len(server.requests), answer.calls) == (2, 1), name


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_after_the_last_attempt_the_provider_is_unavailable(endpoint: str) -> None:
    """Three attempts are all; the error names model, address and reason."""
    with LlmServer(lambda _: GOOD, [failed(500, message="The disk is full.")] * 3) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            with pytest.raises(ProviderUnavailableError) as caught:
                await llm.ask(question())
    provider, model = ENDPOINTS[endpoint]
    assert len(server.requests) == 3
    assert caught.value.message.startswith(f"{provider}:{model} at {server.url}")
    assert caught.value.message.endswith(" does not answer: status 500: The disk is full.")


FINAL = {
    "a wrong key": wrong_key(),
    "a model that is not there": no_model(),
    "an account without money": payment_required(),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_what_every_message_would_meet_stops_the_run(endpoint: str) -> None:
    """Key, model and money are errors that stop a run after one request; the key is in none of them."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            for name, failure in FINAL.items():
                server.plan, server.requests = [failure], []
                with pytest.raises(ProviderError) as caught:
                    await llm.ask(question())
                assert caught.value.stops_run, name
                assert len(server.requests) == 1, name
                if endpoint != "ollama":  # which has no key that could be repeated
                    assert SECRET not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("endpoint", ["chat", "responses"])
async def test_a_429_that_waiting_does_not_help_is_final(endpoint: str) -> None:
    """OpenAI's `insufficient_quota` comes as 429 and is no reason to wait."""
    with LlmServer(lambda _: GOOD, [no_money()]) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            with pytest.raises(ProviderError, match="exceeded your current quota"):
                await llm.ask(question())
    assert len(server.requests) == 1


async def test_the_wrong_key_of_gemini_is_a_wrong_key() -> None:
    """Gemini says 400 and API_KEY_INVALID to a wrong key; that stops the run too."""
    body = (
        b'{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": '
        b'[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}'
    )
    with LlmServer(lambda _: GOOD, [Reply(status=400, raw=body)]) as server:
        async with asking(pointed_at(server, "gemini")) as llm:
            with pytest.raises(ProviderError, match="API key not valid") as caught:
                await llm.ask(question())
    assert "GEMINI_API_KEY" in (caught.value.hint or "")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_refusal_is_one_messages_own(endpoint: str) -> None:
    """Refused and filtered answers are not asked for again; the next message is."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            for name, failure in {"refusal": refused(), "filter": filtered(), "400": rejected()}.items():
                server.plan, server.requests = [failure], []
                with pytest.raises(AnalysisError) as caught:
                    await llm.ask(question())
                assert not caught.value.stops_run, name
                assert len(server.requests) == 1, name
            assert (await llm.ask(question())).output.summary == "Rates rose."


async def test_a_request_that_is_never_taken_is_no_single_messages_fault() -> None:
    """400 to one message after another, and no answer between, stops the run; an answer starts the count anew."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            for plan in ([rejected()] * (REJECTIONS_IN_A_ROW - 1), [Reply()], [rejected()] * REJECTIONS_IN_A_ROW):
                server.plan = list(plan)
                seen = []
                for _ in plan:
                    try:
                        await llm.ask(question())
                    except (AnalysisError, ProviderError) as error:
                        seen.append(type(error))
                last = ProviderError if len(plan) == REJECTIONS_IN_A_ROW else AnalysisError
                assert seen[-1:] == ([last] if len(plan) > 1 else [])


async def test_a_message_too_long_for_the_model_is_its_own_fault() -> None:
    """OpenAI's `context_length_exceeded` concerns this message alone."""
    long = Reply(status=400, error_code="context_length_exceeded", message="Too many tokens.")
    with LlmServer(lambda _: GOOD, [long] * (REJECTIONS_IN_A_ROW + 1)) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            for _ in range(REJECTIONS_IN_A_ROW + 1):
                with pytest.raises(AnalysisError, match="Too many tokens"):
                    await llm.ask(question())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_an_answer_that_takes_too_long_is_not_waited_for(endpoint: str) -> None:
    """LLM_TIMEOUT ends a call, and the next attempt may be quicker."""
    with LlmServer(lambda _: GOOD, [Reply(delay=5)]) as server:
        async with asking(pointed_at(server, endpoint, timeout=0.3)) as llm:
            assert (await llm.ask(question())).calls == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_nobody_listens(endpoint: str) -> None:
    """An address where nobody listens is said with the address."""
    with LlmServer() as server, unreachable_url() as url:
        llm = pointed_at(server, endpoint).model_copy(update={"base_url": url})
        async with asking(llm) as model:
            with pytest.raises(ProviderUnavailableError, match="All connection attempts failed") as caught:
                await model.ask(question())
    assert url in caught.value.message


def wrapped(code: int | str, message: str = "Slow down.") -> Reply:
    """An error as gateways send it: with status 200, in place of an answer."""
    told = {"error": {"message": message, "code": code}, "choices": None}
    return Reply(raw=json.dumps(told).encode())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_an_error_inside_an_answer_means_what_it_says(endpoint: str) -> None:
    """429 is waited for and 503 tried again; a wrong key stops at once; without a number the words are told."""
    with LlmServer(lambda _: GOOD, [wrapped(429), wrapped(503), wrapped(429)]) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            assert (await llm.ask(question())).calls == 1
            assert len(server.requests) == 4
            server.plan, server.requests = [wrapped(401, "No auth credentials found")], []
            with pytest.raises(ProviderError, match="No auth credentials found"):
                await llm.ask(question())
            assert len(server.requests) == 1
            server.plan = [wrapped("model_overloaded", "All machines are busy")] * 3
            with pytest.raises(ProviderUnavailableError, match="All machines are busy"):
                await llm.ask(question())


async def test_an_answer_that_speaks_of_errors_is_an_answer() -> None:
    """A text with the word, or an empty field beside the answer, is no error."""
    with LlmServer(lambda _: {**GOOD, "summary": 'The "error": 500'}) as server:
        async with asking(pointed_at(server, "responses")) as llm:
            assert (await llm.ask(question())).output.summary == 'The "error": 500'


async def test_the_first_model_is_the_first_again_once_it_is_well() -> None:
    """After its rest one call tries it, while the others still go to the stand-in; answered, all go to it again."""
    tried = threading.Event()

    def slowly(_: Asked) -> Reply:
        tried.set()
        return Reply(output=GOOD, delay=0.3)

    with LlmServer(lambda _: GOOD, [failed(500)] * 3) as server:
        retry = RetrySettings(_env_file=None, RETRY_BACKOFF_BASE=0.1, RETRY_BACKOFF_MAX=1, RETRY_JITTER=0)
        settings = settings_of(_with_stand_in(server)).model_copy(update={"retry": retry})
        async with open_models(settings) as models:
            llm = Llm(await models.chain("processing"), 3)
            await llm.ask(question())
            await asyncio.sleep(1.05)
            server.requests, server.plan = [], [slowly]
            trial = asyncio.create_task(llm.ask(question()))
            await asyncio.to_thread(tried.wait, 5)
            await llm.ask(question())
            await trial
            await llm.ask(question())
    assert [asked.model for asked in server.requests] == ["gpt-4o-mini", "qwen3:8b", "gpt-4o-mini"]


async def test_a_stand_in_answers_and_the_broken_model_is_left_alone() -> None:
    """LLM_FALLBACK answers when the first model cannot be used, which is then asked no more."""
    with LlmServer(lambda _: GOOD, [wrong_key()]) as server:
        async with asking(_with_stand_in(server)) as llm:
            answers = [await llm.ask(question()) for _ in range(3)]
    assert [answer.model_id for answer in answers] == ["qwen3:8b"] * 3
    assert [asked.model for asked in server.requests] == ["gpt-4o-mini", "qwen3:8b", "qwen3:8b", "qwen3:8b"]


async def test_a_stand_in_does_not_take_what_is_one_messages_own() -> None:
    """A refused message is not offered to the next model."""
    with LlmServer(lambda _: GOOD, [refused()]) as server:
        async with asking(_with_stand_in(server)) as llm:
            with pytest.raises(AnalysisError):
                await llm.ask(question())
    assert [asked.model for asked in server.requests] == ["gpt-4o-mini"]


async def test_a_model_that_does_not_answer_rests_while_another_stands_in() -> None:
    """After its last attempt a model is passed over; the others go on without waiting for it."""
    with LlmServer(lambda _: GOOD, [failed(500)] * 3) as server:
        async with asking(_with_stand_in(server)) as llm:
            await llm.ask(question())
            await llm.ask(question())
    assert [asked.model for asked in server.requests] == ["gpt-4o-mini"] * 3 + ["qwen3:8b"] * 2


async def test_when_all_fail_each_reason_is_told() -> None:
    """The error has the reason of every model of the chain, and stops the run where none can ever answer."""
    with LlmServer(lambda _: GOOD, [wrong_key(), no_model()]) as server:
        async with asking(_with_stand_in(server)) as llm:
            with pytest.raises(ProviderError) as caught:
                await llm.ask(question())
    assert "openai:gpt-4o-mini" in caught.value.message
    assert "Incorrect API key" in caught.value.message
    assert "ollama:qwen3:8b" in caught.value.message
    assert "The model does not exist" in caught.value.message


def _with_stand_in(server: LlmServer) -> LlmSettings:
    return pointed_at(server, "chat").model_copy(update={"fallback": "ollama:qwen3:8b", "ollama_base_url": server.url})


async def test_a_wait_without_end_is_refused_to_everybody() -> None:
    """A Retry-After beyond LLM_MAX_WAIT ends this call and, until then, every other, without another request."""
    with LlmServer(lambda _: GOOD, [rate_limited(3600)]) as server:
        async with asking(pointed_at(server, "chat"), LLM_MAX_WAIT=5) as llm:
            for _ in range(2):
                with pytest.raises(ProviderUnavailableError, match="asks to wait 3600 s"):
                    await llm.ask(question())
    assert len(server.requests) == 1
