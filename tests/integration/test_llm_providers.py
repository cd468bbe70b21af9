"""Every provider's real classes against a server that speaks its wire format: what is sent, and what is read."""

from __future__ import annotations

from typing import Any

import pytest
from llm_questions import ENDPOINTS, GOOD, PROMPT, Reading, asking, pointed_at, question
from llm_servers import SECRET, LlmServer, Reply, cut, empty

from tg_parser.domain.errors import AnalysisError
from tg_parser.llm.question import AnswerRejectedError

MODES = ("tool", "native", "prompted")
AUTO = {
    "chat": "native",
    "responses": "native",
    "anthropic": "tool",
    "gemini": "native",
    "ollama": "native",
    "compatible": "prompted",
}


async def told(endpoint: str, **more: Any) -> dict[str, Any]:
    """The body of the request for one good answer."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint, **more)) as llm:
            answer = await llm.ask(question())
    assert answer.output.summary == "Rates rose."
    assert [asked.user for asked in server.requests] == [PROMPT.user]
    return server.requests[0].body


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_schema_checked_answer_comes_from_every_provider(endpoint: str) -> None:
    """The answer of each provider is read into the wanted shape, and names the parameters it was made with."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            answer = await llm.ask(question())
    [asked] = server.requests
    assert answer.output.model_dump() == GOOD
    assert (answer.calls, answer.cached) == (1, False)
    assert answer.parameters["max_tokens"] == 4096
    assert asked.system.startswith("You read messages.")
    assert asked.mode == AUTO[endpoint]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_the_way_an_answer_is_asked_for_can_be_chosen(endpoint: str, mode: str) -> None:
    """LLM_OUTPUT_MODE decides for tools, the provider's JSON mode, or words, and each of them is understood."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, endpoint, output_mode=mode)) as llm:
            answer = await llm.ask(question())
    assert answer.output.model_dump() == GOOD
    assert [asked.mode for asked in server.requests] == [mode]


async def test_openai_keeps_nothing_and_is_told_how_to_think() -> None:
    """gpt-6 is asked through the Responses API with effort and verbosity, without temperature, and `store: false`."""
    body = await told("responses", reasoning_effort="low", verbosity="low")
    assert body["store"] is False
    assert body["reasoning"] == {"effort": "low"}
    assert body["text"]["verbosity"] == "low"
    assert body["max_output_tokens"] == 4096
    assert "temperature" not in body
    assert "include" not in body


async def test_chat_completions_say_the_same_in_their_words() -> None:
    """Chat Completions get temperature 0, `max_completion_tokens` and `store: false`."""
    body = await told("chat")
    assert (body["temperature"], body["max_completion_tokens"], body["store"]) == (0.0, 4096, False)


async def test_a_server_that_is_only_like_openai_gets_nothing_it_may_not_know() -> None:
    """An unknown model at LLM_BASE_URL gets the old `max_tokens`, no `store`, no `response_format`."""
    body = await told("compatible")
    assert body["max_tokens"] == 4096
    assert not {"store", "response_format", "max_completion_tokens", "tools"} & set(body)


async def test_no_key_is_needed_at_an_address_of_ones_own() -> None:
    """With LLM_BASE_URL alone a model is asked, and no key of anybody is sent."""
    with LlmServer(lambda _: GOOD) as server:
        llm = pointed_at(server, "compatible").model_copy(update={"openai_api_key": None, "provider": None})
        async with asking(llm) as model:
            await model.ask(question())
    assert SECRET not in server.requests[0].headers["authorization"]


@pytest.mark.parametrize(("wanted", "sent"), [(4096, 4096), (100_000, 64_000)])
async def test_anthropic_always_hears_the_longest_answer(wanted: int, sent: int) -> None:
    """Anthropic gets max_tokens, never more than the model can, and answers in one piece however long that is."""
    body = await told("anthropic", max_tokens=wanted)
    assert (body["max_tokens"], body["stream"], body["temperature"]) == (sent, False, 0.0)


async def test_gemini_hears_its_parameters() -> None:
    """Gemini gets temperature, the longest answer and the schema in its own places."""
    config = (await told("gemini"))["generationConfig"]
    assert (config["temperature"], config["maxOutputTokens"]) == (0.0, 4096)
    assert set(config["responseJsonSchema"]["required"]) == {"summary", "score", "tags"}


async def test_a_prompts_own_parameters_come_before_the_settings() -> None:
    """What a prompt file says of temperature and length is sent, and written into the provenance."""
    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            answer = await llm.ask(question(temperature=0.7, max_tokens=300))
    body = server.requests[0].body
    assert (body["temperature"], body["max_completion_tokens"]) == (0.7, 300)
    assert answer.parameters == {"temperature": 0.7, "max_tokens": 300}


BAD_SHAPES = {
    "a missing field": {"summary": "x", "tags": []},
    "a wrong type": {"summary": "x", "score": "high", "tags": []},
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_wrong_shape_is_asked_about_again(endpoint: str) -> None:
    """The model hears what was wrong with its last answer, sees that answer, and gets another chance."""
    with LlmServer(lambda _: GOOD, [Reply(output=bad) for bad in BAD_SHAPES.values()]) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            answer = await llm.ask(question())
    assert answer.calls == 3
    first, second, third = server.requests
    assert first.user == PROMPT.user
    assert "score: Field required" in second.user
    assert "score: Input should be a valid number" in third.user
    assert [role for role, _ in third.dialogue] == ["user", "model" if endpoint == "gemini" else "assistant", "user"]
    assert third.dialogue[0] == ("user", PROMPT.user)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_empty_and_cut_answers_are_asked_for_again_without_a_history(endpoint: str) -> None:
    """No empty or torn answer is sent back: the question comes again, with a note."""
    with LlmServer(lambda _: GOOD, [empty(), cut()]) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            answer = await llm.ask(question())
    assert answer.calls == 3
    assert [len(asked.dialogue) for asked in server.requests] == [1, 1, 1]
    assert "The answer was empty." in server.requests[1].user
    assert "cut off" in server.requests[2].user


@pytest.mark.parametrize("text", ["```json\n{}\n```", "Here it is:\n{}", "{}\nAnything else?"])
async def test_words_around_an_answer_do_not_spoil_it(text: str) -> None:
    """A fence or a sentence around the JSON is no fault."""
    wrapped = text.replace("{}", '{"summary": "x", "score": null, "tags": []}')
    with LlmServer(lambda _: wrapped) as server:
        async with asking(pointed_at(server, "compatible")) as llm:
            answer = await llm.ask(question())
    assert (answer.output.summary, answer.calls) == ("x", 1)


async def test_what_a_check_refuses_is_told_and_in_the_end_given_up() -> None:
    """A check's words reach the model; after the last attempt the error names prompt, model and fault, no more."""

    def check(reading: Reading) -> None:
        raise AnswerRejectedError("The summary holds words that the message does not.")

    with LlmServer(lambda _: GOOD) as server:
        async with asking(pointed_at(server, "chat")) as llm:
            with pytest.raises(AnalysisError) as caught:
                await llm.ask(question(check))
    assert len(server.requests) == 3
    assert "The summary holds words that the message does not." in server.requests[1].user
    assert caught.value.message == (
        "The answer of gpt-4o-mini to the prompt 'reading' was refused 3 times: "
        "The summary holds words that the message does not."
    )


@pytest.mark.parametrize("endpoint", sorted(set(ENDPOINTS) - {"anthropic"}))
async def test_an_answer_without_usage_is_still_an_answer(endpoint: str) -> None:
    """Where the provider does not say what it took, the answer counts all the same."""
    with LlmServer(lambda _: GOOD, [Reply(output=GOOD, usage=None)]) as server:
        async with asking(pointed_at(server, endpoint)) as llm:
            answer = await llm.ask(question())
    assert (answer.output.summary, answer.input_tokens) == ("Rates rose.", None)
