"""One channel, one id, however the earlier version wrote it."""

from __future__ import annotations

import pytest

from tg_parser.transfer.legacy.channels import Channels, username_of


@pytest.mark.parametrize(
    ("writing", "canonical"),
    [
        ("@News", "news"),
        ("News", "news"),
        ("https://t.me/s/News", "news"),
        ("1234567890", "-1001234567890"),
        ("-1001234567890", "-1001234567890"),
        ("-10012345678901", "-1012345678901"),
        ("-10010567596", "-1000010567596"),
        ("-10043", "-10043"),
        ("43", "-1000000000043"),
        ("my channel!", "my channel!"),
    ],
)
def test_a_writing_leads_to_its_canonical_id(writing: str, canonical: str) -> None:
    """Names in lower case without @, numbers with their mark, also where it was glued on; what names no chat stays."""
    assert Channels([writing]).canonical(writing) == canonical


def test_a_name_leads_to_the_number_that_a_source_gives_it() -> None:
    """A source with both joins the two; unknown writings are read the same way."""
    channels = Channels(["@news", "123"], [("-1000000000123", "@News"), ("other", None)])
    assert channels.canonical("@news") == channels.canonical("NEWS") == "-1000000000123"
    assert channels.renamed == {"123": "-1000000000123", "@news": "-1000000000123"}


def test_a_name_that_two_numbers_claim_leads_nowhere() -> None:
    """It has moved from one to the other, and nobody knows which of its messages are whose."""
    channels = Channels(["news"], [("-1000000000001", "news"), ("-1000000000002", "news")])
    assert channels.canonical("news") == "news"


def test_the_canonical_writing_comes_first() -> None:
    """Of a message stored under several writings the canonical one counts, then the others by their bytes."""
    channels = Channels(["@news", "-1000000000123", "123", "news"], [("123", "news")])
    assert channels.writings_of("-1000000000123") == ["-1000000000123", "123", "@news", "news"]
    assert channels.better_writings("@news") == ["-1000000000123", "123"]
    assert channels.better_writings("-1000000000123") == []
    assert channels.stable == {"-1000000000123"}


def test_usernames_lose_their_decoration() -> None:
    """A username is what stands in a t.me link; a number has none."""
    assert [username_of(text) for text in ("@news", "t.me/news", "123", "?")] == ["news", "news", None, None]
