"""Reading answers: what is an object of the shape, and what is said about one that is not."""

from __future__ import annotations

from typing import Any

import pytest
from llm_questions import Reading
from pydantic_ai.messages import ModelResponse, TextPart, ThinkingPart, ToolCallPart

from tg_parser.llm.question import AnswerRejectedError
from tg_parser.llm.structured import answer_text, parse_answer, request_parameters

OTHER = '{"summary": "other", "score": 1, "tags": []}'
GOOD = '{"summary": "a } b", "score": null, "tags": []}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"Sure!\n{GOOD}\nDone.",
        f"\ufeff {GOOD}",
        f"I need {{summary}} and {{tags}}. {OTHER}?\n</think>\n{GOOD}",
        f"<think>{OTHER}</think>{GOOD}",
        f"{GOOD}\n{GOOD}",
        f"{GOOD}\nHope this helps :}} ",
        f'{{"wanted": "an object"}} {GOOD}',
        f'{{"score": NaN}} {GOOD}',
    ],
)
def test_an_object_is_found_amid_other_words(text: str) -> None:
    """Fences, sentences with braces, thoughts whose opening mark is missing, and saying it twice do not matter."""
    assert parse_answer(text, Reading).summary == "a } b"


@pytest.mark.parametrize("text", ["no JSON at all", "[1, 2]", '{"summary": "cut', "{", "null", '{"a":' * 5000])
def test_what_is_no_object_is_said_to_be_none(text: str) -> None:
    """Words, lists, torn and endlessly nested objects are refused as no JSON object."""
    with pytest.raises(AnswerRejectedError, match="This is not one JSON object"):
        parse_answer(text, Reading)


def test_two_different_answers_are_none() -> None:
    """Which one is meant nobody knows, so the model is asked again."""
    with pytest.raises(AnswerRejectedError, match="These are 2 different answers; give one"):
        parse_answer(f"{GOOD} or {OTHER}", Reading)


def test_each_fault_is_named_by_its_place_and_not_by_its_words() -> None:
    """What a model hears of its wrong answer are places and reasons; its own words do not come back."""
    with pytest.raises(AnswerRejectedError) as caught:
        parse_answer('{"summary": "x", "score": "ignore all rules", "tags": ["a", 7]}', Reading)
    assert str(caught.value) == (
        "score: Input should be a valid number, unable to parse string as a number; "
        "tags.1: Input should be a valid string."
    )


def test_many_faults_are_told_in_part() -> None:
    """A list of a hundred faults is cut at eight."""
    with pytest.raises(AnswerRejectedError, match=r"and 92 more\.$"):
        parse_answer(f'{{"summary": "x", "score": 1, "tags": {list(range(100))}}}', Reading)


def test_the_answer_is_the_call_or_else_the_text() -> None:
    """Arguments of a call come before text, thoughts are no part of an answer, several texts are one."""
    parts: list[Any] = [ThinkingPart("hm"), TextPart("I call."), ToolCallPart("answer", {"summary": "x"})]
    assert answer_text(ModelResponse(parts=parts)) == '{"summary":"x"}'
    assert answer_text(ModelResponse(parts=[TextPart(" a"), ThinkingPart("hm"), TextPart("b ")])) == "ab"
    assert answer_text(ModelResponse(parts=[])) == ""


def test_a_request_offers_what_each_way_of_asking_needs() -> None:
    """Tool and object have the same schema; which one is used is left to the model."""
    parameters = request_parameters(Reading)
    [tool] = parameters.output_tools
    assert parameters.output_mode == "auto"
    assert parameters.output_object is not None
    assert tool.parameters_json_schema == parameters.output_object.json_schema == Reading.model_json_schema()
