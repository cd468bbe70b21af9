"""Tells a provider that is down, or answers rubbish, from messages that fail on their own, pure.

Calls that found nobody, or whose answers could not be used, are held back until it is known which they were: after a
good answer in between they are failures of their messages; many in a row are the provider's, and then their messages
stay waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tg_parser.domain.errors import ProviderError, TgParserError
from tg_parser.processing.analyzer import Task

IN_A_ROW = 10
"""Each of these calls has used up its attempts; ten of them without an answer in between are no chance."""
UNUSABLE_IN_A_ROW = 5
"""Fewer than calls without an answer, for each of these is paid for as many times as there are attempts."""

SetAside = tuple[Task, TgParserError]


@dataclass(slots=True)
class _Streak:
    """Calls in a row that went the same wrong way, and their messages."""

    held: list[SetAside] = field(default_factory=list)
    calls: int = 0

    def add(self, held: Sequence[SetAside]) -> int:
        self.held += held
        self.calls += 1
        return self.calls

    def ended(self) -> list[SetAside]:
        held, self.held, self.calls = self.held, [], 0
        return held


class CircuitBreaker:
    """What is known of the provider's health in one run."""

    def __init__(self) -> None:
        self._unanswered = _Streak()
        self._unusable = _Streak()
        self._ever_answered = False

    def unanswered(self, held: Sequence[SetAside]) -> TgParserError | None:
        """Note a call that found nobody; the error that ends the run, once there are too many in a row."""
        return held[-1][1] if self._unanswered.add(held) >= IN_A_ROW else None

    def unusable(self, held: Sequence[SetAside]) -> tuple[list[SetAside], TgParserError | None]:
        """Note a call whose answers could not be used: messages that failed on their own before it, and the error that
        ends the run, once there are too many in a row."""
        self._ever_answered = True
        over = self._unusable.add(held) >= UNUSABLE_IN_A_ROW
        return self._unanswered.ended(), self._rubbish() if over else None

    def answered(self) -> list[SetAside]:
        """Note a call that was answered; the messages that failed before it on their own."""
        self._ever_answered = True
        return self._unanswered.ended() + self._unusable.ended()

    def over(self, *, early: bool = False) -> tuple[list[SetAside], TgParserError | None]:
        """When no more calls come: messages that failed, or the error of a run in which nobody ever answered.

        In a run that ends early, calls that found nobody prove nothing; answers that could not be used were paid for.
        """
        failed = [] if self._unusable.calls >= UNUSABLE_IN_A_ROW else self._unusable.ended()
        if early:
            return failed, None
        if self._unanswered.held and not self._ever_answered:
            return failed, self._unanswered.held[-1][1]
        return failed + self._unanswered.ended(), None

    def _rubbish(self) -> ProviderError:
        newest = self._unusable.held[-1][1]
        return ProviderError(
            f"Message after message no answer could be used ({self._unusable.calls} in a row). {newest.message}",
            case="answers_unusable",
        )
