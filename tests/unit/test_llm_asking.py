"""Asking until an answer is good: what it costs altogether, what is kept, what is passed on."""

from __future__ import annotations

from typing import Any

import pytest
from llm_questions import GOOD, Reading, question
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tg_parser.domain.errors import AnalysisError, BudgetError
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.response_metadata import CallRecord, purpose_of, with_parameters, with_record
from tg_parser.llm.question import AnswerRejectedError


class Answering:
    """A model that gives what it is told to, one after another; what it was asked is kept."""

    def __init__(self, *given: tuple[Any, ...]) -> None:
        self.given = list(given)
        self.asked: list[list[Any]] = []
        self.model = FunctionModel(self.answer)

    async def answer(self, messages: list[Any], info: AgentInfo) -> ModelResponse:
        self.asked.append(messages)
        output, record = self.given.pop(0)
        if isinstance(output, Exception):
            raise output
        response = ModelResponse(parts=[ToolCallPart("answer", output)])
        return with_parameters(with_record(response, record), {"temperature": 0.0})


class Keeper:
    """Notes what it is told to keep."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def keep(self, first: ModelResponse, accepted: ModelResponse) -> None:
        self.kept.append((first, accepted))


def paid(tokens_in: int | None, tokens_out: int | None, nano: int | None, **more: Any) -> CallRecord:
    return CallRecord("openai", "m", tokens_in, tokens_out, nano, **more)


BAD = {"summary": "x", "score": "y", "tags": []}


async def test_refused_answers_are_part_of_the_price() -> None:
    """Tokens and dollars are those of the refused answer and of the good one together."""
    model = Answering((BAD, paid(100, 20, 3_000_000)), (GOOD, paid(150, 30, 4_500_000)))
    answer = await Llm(model.model, 3).ask(question())
    assert (answer.provider, answer.model_id, answer.parameters) == ("openai", "m", {"temperature": 0.0})
    assert (answer.input_tokens, answer.output_tokens, answer.cost_usd, answer.calls) == (250, 50, 0.0075, 2)


async def test_what_is_unknown_of_one_call_is_unknown_of_all() -> None:
    """A price that is missing once makes the sum unknown, not smaller."""
    model = Answering((BAD, paid(100, 20, 3_000_000)), (GOOD, paid(150, 30, None)))
    answer = await Llm(model.model, 3).ask(question())
    assert (answer.input_tokens, answer.output_tokens, answer.cost_usd) == (250, 50, None)


async def test_an_answer_from_the_cache_cost_nothing() -> None:
    """Nothing was sent, so there are no tokens, no dollars and no calls."""
    model = Answering((GOOD, paid(None, None, None, cached=True)))
    answer = await Llm(model.model, 3).ask(question())
    assert (answer.cached, answer.calls, answer.input_tokens, answer.cost_usd) == (True, 0, None, None)


async def test_a_kept_answer_that_is_refused_now_is_asked_for_anew() -> None:
    """Where a check has become stricter, the answer counts what the new call cost, and is no cached one."""
    model = Answering((BAD, paid(None, None, None, cached=True)), (GOOD, paid(150, 30, 4_500_000)))
    answer = await Llm(model.model, 3).ask(question())
    assert (answer.cached, answer.calls, answer.input_tokens, answer.cost_usd) == (False, 1, 150, 0.0045)


async def test_only_a_good_answer_is_kept_and_under_its_first_question() -> None:
    """The keeper hears of the answer that passed, together with the first one of the dialogue."""
    model, keeper = Answering((BAD, paid(1, 1, 1)), (GOOD, paid(2, 2, 2))), Keeper()
    await Llm(model.model, 3, keeper).ask(question())
    [(first, accepted)] = keeper.kept
    assert (first.parts[0].args, accepted.parts[0].args) == (BAD, GOOD)


async def test_what_never_passes_is_never_kept() -> None:
    """After the last attempt nothing is kept."""
    model, keeper = Answering(*[(BAD, paid(1, 1, 1))] * 2), Keeper()
    with pytest.raises(AnalysisError, match=r"was refused 2 times: score: Input should be a valid number"):
        await Llm(model.model, 2, keeper).ask(question())
    assert keeper.kept == []


async def test_every_request_says_what_it_is_paid_for() -> None:
    """The purpose rides on the first request of each call, also of a second attempt."""
    model = Answering((BAD, paid(1, 1, 1)), (GOOD, paid(2, 2, 2)))
    await Llm(model.model, 3).ask(question())
    assert [purpose_of(messages) for messages in model.asked] == [question().purpose] * 2


async def test_errors_of_the_chain_pass() -> None:
    """A cap that is reached is no fault of the answer; it is not asked about again."""
    model = Answering((BudgetError("Enough.", None), None))
    with pytest.raises(BudgetError, match="Enough"):
        await Llm(model.model, 3).ask(question())
    assert len(model.asked) == 1


async def test_an_error_of_a_check_is_no_refusal() -> None:
    """Only AnswerRejectedError asks again; anything else is a fault of the program and is not hidden."""

    def check(reading: Reading) -> None:
        raise KeyError("slip")

    model = Answering((GOOD, paid(1, 1, 1)))
    with pytest.raises(KeyError, match="slip"):
        await Llm(model.model, 3).ask(question(check))


async def test_a_long_fault_is_cut_in_the_error() -> None:
    """The model hears all of it; people and the ledger get the beginning."""

    def check(reading: Reading) -> None:
        raise AnswerRejectedError("word " * 200)

    model = Answering(*[(GOOD, paid(1, 1, 1))] * 2)
    with pytest.raises(AnalysisError) as caught:
        await Llm(model.model, 2).ask(question(check))
    assert len(caught.value.message) < 400
    assert ("word " * 200).strip() in model.asked[1][-1].parts[-1].content
