"""Distinguishes a provider that is down, or gives unusable answers, from messages that fail by themselves. Pure.

Calls without an answer, or with an unusable one, are set aside until the cause is known. If a good answer comes in
between, their messages have failed; if there are many in a row, the provider is to blame and their messages stay
waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tg_parser.domain.errors import ProviderError, TgParserError
from tg_parser.processing.analyzer import Task

IN_A_ROW = 10
"""Each of these calls has used up its attempts; ten of them without an answer in between are no coincidence."""
UNUSABLE_IN_A_ROW = 5
"""Fewer than for calls without an answer, because every attempt of these is paid for."""

SetAside = tuple[Task, TgParserError]


@dataclass(slots=True)
class _Streak:
    """Calls in a row that failed in the same way, and their messages."""

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
    """Tracks the provider's health during one run."""

    def __init__(self) -> None:
        self._unanswered = _Streak()
        self._unusable = _Streak()
        self._ever_answered = False

    def unanswered(self, held: Sequence[SetAside]) -> TgParserError | None:
        """Note a call without an answer; returns the error that ends the run once there are too many in a row."""
        return held[-1][1] if self._unanswered.add(held) >= IN_A_ROW else None

    def unusable(self, held: Sequence[SetAside]) -> tuple[list[SetAside], TgParserError | None]:
        """Note a call whose answers could not be used; returns messages that failed by themselves before it, and
        the error that ends the run once there are too many in a row."""
        self._ever_answered = True
        over = self._unusable.add(held) >= UNUSABLE_IN_A_ROW
        return self._unanswered.ended(), self._rubbish() if over else None

    def answered(self) -> list[SetAside]:
        """Note a call that was answered; returns the messages that failed by themselves before it."""
        self._ever_answered = True
        return self._unanswered.ended() + self._unusable.ended()

    def over(self, *, early: bool = False) -> tuple[list[SetAside], TgParserError | None]:
        """Call this after the last call: messages that failed, or the error of a run without a single answer.

        In a run that ends early, calls without an answer prove nothing; unusable answers were paid for.
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
            f"The answers of {self._unusable.calls} calls in a row could not be used. {newest.message}",
            case="answers_unusable",
        )
