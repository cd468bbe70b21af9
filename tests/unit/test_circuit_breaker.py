"""An outage is told from messages that fail on their own."""

from __future__ import annotations

from samples import message

from tg_parser.domain.errors import ProviderError, ProviderUnavailableError, UnusableAnswerError
from tg_parser.processing.analyzer import Task
from tg_parser.processing.circuit_breaker import IN_A_ROW, UNUSABLE_IN_A_ROW, CircuitBreaker

REFUSED = UnusableAnswerError("No JSON.", "Try another model.")
ERROR = ProviderUnavailableError("Nobody answers.")


def bad(number: int) -> tuple[Task, UnusableAnswerError]:
    return Task(message(number)), REFUSED


def held(number: int) -> tuple[Task, ProviderUnavailableError]:
    return Task(message(number)), ERROR


def test_calls_in_a_row_are_an_outage() -> None:
    """The tenth call without an answer in between ends the run; a shared call counts once."""
    breaker = CircuitBreaker()
    assert [breaker.unanswered([held(at), held(at + 100)]) for at in range(IN_A_ROW - 1)] == [None] * 9
    assert breaker.unanswered([held(99)]) is ERROR


def test_answer_in_between_makes_them_failures() -> None:
    """What was held back failed on its own, and counting begins anew."""
    breaker = CircuitBreaker()
    for at in range(IN_A_ROW - 1):
        breaker.unanswered([held(at)])
    assert breaker.answered() == [held(at) for at in range(IN_A_ROW - 1)]
    assert breaker.answered() == []
    assert breaker.unanswered([held(50)]) is None
    assert breaker.over() == ([held(50)], None)


def test_rubbish_in_a_row_is_the_models_fault() -> None:
    """The fifth message without a usable answer ends the run; all of them stay waiting."""
    breaker = CircuitBreaker()
    told = [breaker.unusable([bad(at)]) for at in range(UNUSABLE_IN_A_ROW)]
    assert told[:-1] == [([], None)] * 4
    released, error = told[-1]
    assert released == []
    assert isinstance(error, ProviderError)
    assert error.message == "The answers of 5 calls in a row could not be used. No JSON."
    assert breaker.over(early=True) == ([], None)


def test_a_good_answer_makes_rubbish_before_it_failures_of_messages() -> None:
    """Counting begins anew, and what is left at the end failed too, also where something else ends the run."""
    breaker = CircuitBreaker()
    for at in range(UNUSABLE_IN_A_ROW - 1):
        breaker.unusable([bad(at)])
    assert breaker.answered() == [bad(at) for at in range(UNUSABLE_IN_A_ROW - 1)]
    assert breaker.unusable([bad(7)]) == ([], None)
    assert breaker.over(early=True) == ([bad(7)], None)


def test_rubbish_is_an_answer_after_an_outage() -> None:
    """Who answers rubbish is there: calls that found nobody before it failed on their own."""
    breaker = CircuitBreaker()
    breaker.unanswered([held(1)])
    assert breaker.unusable([bad(2)]) == ([held(1)], None)
    assert breaker.over() == ([bad(2)], None)


def test_nobody_ever_answered() -> None:
    """At the end the error is the run's, however few calls there were; without any call there is none."""
    breaker = CircuitBreaker()
    assert breaker.over() == ([], None)
    breaker.unanswered([held(1)])
    assert breaker.over(early=True) == ([], None)
    assert breaker.over() == ([], ERROR)
