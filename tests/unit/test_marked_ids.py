"""Marked ids are arithmetic, whatever number of digits a bare id has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.marked_ids import internal_channel_id, marked_channel_id, marked_group_id
from tg_parser.domain.peers import parse_peer


@pytest.mark.parametrize(
    ("bare", "marked"),
    [
        ("5", "-1000000000005"),
        ("43", "-1000000000043"),
        ("10567596", "-1000010567596"),
        ("1032086354", "-1001032086354"),
        ("4300000000", "-1004300000000"),
        ("9999999999", "-1009999999999"),
        ("12345678901", "-1012345678901"),
        ("1002147483650", "-2002147483650"),
    ],
)
def test_a_channel_is_its_bare_id_below_a_million_millions(bare: str, marked: str) -> None:
    """The mark is a subtraction, not a prefix; links take the bare number, and both ways lead back."""
    assert marked_channel_id(bare) == marked_channel_id(int(bare)) == marked
    assert internal_channel_id(marked) == bare
    assert parse_peer(f"https://t.me/c/{bare}/7").canonical == parse_peer(bare).canonical == marked
    assert parse_peer(f"t.me/c/{bare}/3/7").canonical == parse_peer(marked).canonical == marked


@pytest.mark.parametrize(
    "other", ["-123456789", "-5076123456", "-1000000000000", "7000000001", "durov", "-", "", "-1000000000043x"]
)
def test_what_is_no_channel_has_no_bare_channel_id(other: str) -> None:
    """Basic groups, people, names and nonsense get no t.me/c link."""
    assert internal_channel_id(other) is None


@given(st.integers(1, 3 * 10**12))
def test_marking_a_channel_can_be_undone(bare: int) -> None:
    """No two channels share a marked id, and none is taken for a basic group."""
    assert internal_channel_id(marked_channel_id(bare)) == str(bare)


@given(st.integers(1, 10**12))
def test_a_basic_group_is_never_taken_for_a_channel(bare: int) -> None:
    """Its marked id lies above those of all channels."""
    assert internal_channel_id(marked_group_id(bare)) is None
