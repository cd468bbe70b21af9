"""Numbers of chats that earlier versions stored wrongly lead to the right ones, and right ones stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.marked_ids import marked_channel_id, marked_group_id
from tg_parser.domain.renumbering.numbers import (
    Suspicion,
    certainly,
    renumbered,
    right_author,
    right_number_by_authors,
    right_peer,
    right_source_number,
    signatures,
    suspicion,
)

RIGHT = [
    "-1001032086354",
    "-1004300000000",
    "-1000000000043",
    "-1012345678901",
    "-2002147483650",
    "7000000001",
    "durov",
]
NUMBERS = {"-10012345678": "-1000012345678", "-5032704": "-1004300000000"}


@pytest.mark.parametrize(
    ("stored", "right"),
    [
        ("-10010567596", "-1000010567596"),
        ("-100123456789", "-1000123456789"),
        ("-10012345678901", "-1012345678901"),
        ("-1001002147483650", "-2002147483650"),
        *(
            (each, None)
            for each in [*RIGHT, "-5076123456", "-10043", "-1001234567", "-5032704", "unnamed-0123456789abcdef"]
        ),
    ],
)
def test_a_number_that_nothing_can_have_is_wrong_without_doubt(stored: str, right: str | None) -> None:
    """No basic group has eleven digits and no channel fewer than thirteen or more than what Telegram gives."""
    assert certainly(stored) == right


@pytest.mark.parametrize(
    ("stored", "suspected"),
    [
        ("-10043", Suspicion("-1000000000043", "-1004294977339")),
        ("-1005", Suspicion("-1000000000005", "-1004294968301")),
        ("-5032704", Suspicion(None, "-1004300000000")),
        ("-10003", Suspicion(None, "-1004294977299")),
        ("-5076123456", None),
        *((each, None) for each in RIGHT),
    ],
)
def test_a_number_that_a_basic_group_can_have_is_only_suspected(stored: str, suspected: Suspicion | None) -> None:
    """Short glued numbers and the lower bits of long ones look like basic groups."""
    assert suspicion(stored) == suspected


@given(st.integers(1, 3 * 10**12))
def test_right_channels_are_never_touched_and_glued_ones_are_put_right_once(bare: int) -> None:
    """What is right stays right, and putting right twice is as good as once."""
    right = marked_channel_id(bare)
    assert certainly(right) is suspicion(right) is None
    assert right_peer(right) == right
    assert right_peer(f"-100{bare}") == right
    found, suspected = certainly(f"-100{bare}"), suspicion(f"-100{bare}")
    assert (found or (suspected.glued if suspected else f"-100{bare}")) == right


@given(st.integers(1, 2**33 - 1))
def test_a_basic_group_is_never_taken_for_a_channel_without_a_doubt(bare: int) -> None:
    """The numbers that basic groups have had are at most suspected."""
    assert certainly(marked_group_id(bare)) is None


@given(st.integers(2**32 + 1, 3 * 2**32 - 1))
def test_a_folded_channel_is_found_by_who_speaks_in_it(bare: int) -> None:
    """The lower bits were stored as a basic group, or as a channel; posts are still signed with the whole number."""
    stored = f"-{bare - 2**32}" if bare < 2**33 else f"-100{bare - 2**33}"
    assert signatures(stored)[f"-100{bare}"] == signatures(stored)[marked_channel_id(bare)] == marked_channel_id(bare)


@pytest.mark.parametrize(
    ("stored", "signed"),
    [
        ("-1001410065407", ["-1009999999999"]),
        ("-10043", ["-1004294977339", "-1008589934635"]),
        ("-5032704", ["-1004300000000"]),
        ("-1004294967295", ["-10012884901887", "-1012884901887"]),
        *((each, []) for each in ["-1004294967296", "-1000000000043", "-4294967296", "7000000001", "durov"]),
    ],
)
def test_signatures_are_those_of_numbers_that_were_folded(stored: str, signed: list[str]) -> None:
    """Lower bits have 32 of them, and no zeros before them."""
    assert list(signatures(stored)) == signed


@pytest.mark.parametrize(
    ("channel", "authors", "right"),
    [
        ("-10043", ["-10043"], "-1000000000043"),
        ("-10043", ["-1004294977339"], None),
        ("-10043", ["-10043", "7000000001"], None),
        ("-10043", ["7000000001"], None),
        ("-10043", [], None),
        ("-5032704", ["-5032704"], None),
        ("-1001032086354", ["-1001032086354"], None),
    ],
)
def test_a_chat_where_the_channel_alone_posts_is_that_channel(
    channel: str, authors: list[str], right: str | None
) -> None:
    """In a basic group people post; a chat with two authors, or with none, may be one."""
    assert right_number_by_authors(channel, authors) == right


@pytest.mark.parametrize(
    ("channel", "kind", "via", "has_name", "right"),
    [
        ("-10012345678901", "group", None, False, "-1012345678901"),
        ("-1005", "channel", "api", False, "-1000000000005"),
        ("-1005", "group", "api", True, "-1000000000005"),
        ("-1005", "group", "api", False, None),
        ("-1005", "channel", None, False, None),
        ("-5032704", "channel", "export", False, "-1004300000000"),
        ("-10043", "channel", "export", False, "-1004294977339"),
        ("-5032704", "group", "export", False, None),
        ("-5032704", "channel", None, False, None),
        ("-1001032086354", "channel", "api", True, None),
    ],
)
def test_a_source_tells_a_channel_from_a_basic_group(
    channel: str, kind: str, via: str | None, has_name: bool, right: str | None
) -> None:
    """By its kind where somebody has read it, by its name or key; what was only typed in stays as it is."""
    assert right_source_number(channel, kind, via, has_name=has_name) == right


@pytest.mark.parametrize(
    ("number", "written", "right"),
    [
        ("-94435633", 4389402929, "94435633"),
        ("-10043", "channel43", "-1000000000043"),
        ("-10043", None, "-1000000000043"),
        ("-94435633", "chat94435633", "-94435633"),
        ("-94435633", None, "-94435633"),
        ("-1001032086354", 9622020946, "-1001032086354"),
        ("7000000001", "user7000000001", "7000000001"),
    ],
)
def test_a_person_of_an_old_export_is_no_basic_group(number: str, written: int | str | None, right: str) -> None:
    """How the export wrote the author tells a person of 2021 from a group; authors are never basic groups else."""
    assert right_author(number, written) == right


def test_every_place_that_names_a_chat_is_put_right() -> None:
    """Numbers alone, refs, and ids made of refs; other texts and numbers in the middle of words stay."""
    assert renumbered(
        {
            "channel_id": "-5032704",
            "refs": ["tg:-5032704:post:1", "doc:tg:-5032704:comment:2@55", "topic:tg:-10012345678:post:3~2"],
            "kb": ["kb:msg:tg:-5032704:post:1", "kb:topic:topic:tg:-5032704:post:1", "tg:-50327041:post:1"],
            "sources": ["-5032704", "-1004300000000", "durov"],
            "text": "call -5032704 now",
            "score": -5032704,
            "by_channel": {"-5032704": 1},
        },
        NUMBERS,
    ) == {
        "channel_id": "-1004300000000",
        "refs": ["tg:-1004300000000:post:1", "doc:tg:-1004300000000:comment:2@55", "topic:tg:-1000012345678:post:3~2"],
        "kb": ["kb:msg:tg:-1004300000000:post:1", "kb:topic:topic:tg:-1004300000000:post:1", "tg:-50327041:post:1"],
        "sources": ["-1004300000000", "durov"],
        "text": "call -5032704 now",
        "score": -5032704,
        "by_channel": {"-1004300000000": 1},
    }


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_names_no_wrong_chat_stays_as_it_is(value: Any) -> None:
    """Not a letter is changed, and lists that hold a value twice keep it."""
    assert renumbered(value, {"-5032704": "-1004300000000"}) == value or "-5032704" in repr(value)
