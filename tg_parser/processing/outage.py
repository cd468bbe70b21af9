"""Tells a provider that is down from messages that fail on their own, pure.

Calls that found nobody are held back until it is known which they were: after an answer in between they are failures
of their messages; many in a row are an outage, and then their messages stay due.
"""

from __future__ import annotations

from collections.abc import Sequence

from tg_parser.domain.errors import ProviderUnavailableError
from tg_parser.storage.claim_storage import DueMessage

IN_A_ROW = 10
"""Each of these calls has used up its attempts; ten of them without an answer in between are no chance."""

Held = tuple[DueMessage, ProviderUnavailableError]


class Outage:
    """What is known of the provider's health in one run."""

    def __init__(self) -> None:
        self._held: list[Held] = []
        self._calls = 0
        self._ever_answered = False

    def unanswered(self, held: Sequence[Held]) -> ProviderUnavailableError | None:
        """Note a call that found nobody; the error that ends the run, once there are too many in a row."""
        self._held += held
        self._calls += 1
        return self._held[-1][1] if self._calls >= IN_A_ROW else None

    def answered(self) -> list[Held]:
        """Note a call that was answered; the messages that failed before it on their own."""
        self._ever_answered, self._calls = True, 0
        return self._released()

    def over(self) -> tuple[list[Held], ProviderUnavailableError | None]:
        """When no more calls come: messages that failed, or the error of a run in which nobody ever answered."""
        if self._held and not self._ever_answered:
            return [], self._held[-1][1]
        return self._released(), None

    def _released(self) -> list[Held]:
        held, self._held = self._held, []
        return held
