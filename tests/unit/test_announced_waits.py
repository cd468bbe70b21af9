"""A long wait is told while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from tg_parser.config.announced_waits import TELL_EVERY, wait_with_notice


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time passes as soon as nothing else is to be done."""

    _ready: Sequence[asyncio.Handle]
    _scheduled: Sequence[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0

    def time(self) -> float:
        return super().time() + self._ahead

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._ahead += max(0.0, self._scheduled[0].when() - self.time())
        loop: Any = super()
        loop._run_once()


@pytest.mark.parametrize(("seconds", "told"), [(35.0, [25, 15, 5]), (10.0, []), (0.0, []), (-3.0, [])])
def test_a_line_every_ten_seconds_tells_the_time_left(seconds: float, told: list[int]) -> None:
    """A short wait is nobody's news; a long one says how long it still takes."""
    assert TELL_EVERY == 10.0
    with asyncio.Runner(loop_factory=Clock) as runner, capture_logs() as lines:
        started = runner.get_loop().time()
        runner.run(wait_with_notice(seconds, "the provider"))
        assert runner.get_loop().time() - started >= seconds
    assert [line["event"] for line in lines] == [f"Waiting for the provider: {left} s left." for left in told]
