"""A long wait is told while it lasts."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tg_parser.config.waiting import TELL_EVERY, wait_with_notice


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time passes as soon as nothing else is to be done."""

    def __init__(self):
        super().__init__()
        self._ahead = 0.0

    def time(self):
        return super().time() + self._ahead

    def _run_once(self):
        if not self._ready and self._scheduled:
            self._ahead += max(0.0, self._scheduled[0].when() - self.time())
        super()._run_once()


@pytest.mark.parametrize(("seconds", "told"), [(35.0, [25, 15, 5]), (10.0, []), (0.0, []), (-3.0, [])])
def test_a_line_every_ten_seconds_tells_the_time_left(seconds, told):
    """A short wait is nobody's news; a long one says how long it still takes."""
    assert TELL_EVERY == 10.0
    with asyncio.Runner(loop_factory=Clock) as runner, capture_logs() as lines:
        started = runner.get_loop().time()
        runner.run(wait_with_notice(seconds, "the provider"))
        assert runner.get_loop().time() - started >= seconds
    assert [line["event"] for line in lines] == [f"Waiting for the provider: {left} s left." for left in told]
