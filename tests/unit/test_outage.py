"""An outage is told from messages that fail on their own."""

from samples import message

from tg_parser.domain.errors import ProviderUnavailableError
from tg_parser.processing.outage import IN_A_ROW, Outage
from tg_parser.storage.claim_storage import DueMessage

ERROR = ProviderUnavailableError("Nobody answers.")


def held(number):
    return DueMessage(message(number), 0, deleted=False), ERROR


def test_calls_in_a_row_are_an_outage():
    """The tenth call without an answer in between ends the run; a shared call counts once."""
    outage = Outage()
    assert [outage.unanswered([held(at), held(at + 100)]) for at in range(IN_A_ROW - 1)] == [None] * 9
    assert outage.unanswered([held(99)]) is ERROR


def test_answer_in_between_makes_them_failures():
    """What was held back failed on its own, and counting begins anew."""
    outage = Outage()
    for at in range(IN_A_ROW - 1):
        outage.unanswered([held(at)])
    assert outage.answered() == [held(at) for at in range(IN_A_ROW - 1)]
    assert outage.answered() == []
    assert outage.unanswered([held(50)]) is None
    assert outage.over() == ([held(50)], None)


def test_nobody_ever_answered():
    """At the end the error is the run's, however few calls there were; without any call there is none."""
    outage = Outage()
    assert outage.over() == ([], None)
    outage.unanswered([held(1)])
    assert outage.over() == ([], ERROR)
