"""What a console can show."""

import io

import pytest

from tg_parser.cli.console import can_show


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", True), ("cp866", True), ("cp1251", False), ("ascii", False)])
def test_halves_of_blocks_are_asked_for_before_a_code_is_drawn_of_them(encoding, shown):
    """The old console of Windows has them, its code pages for text do not."""
    assert can_show("█▀▄", io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is shown
