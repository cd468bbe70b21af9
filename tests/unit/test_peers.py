"""Every way to write a chat leads to one canonical form."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.peers import nameless_channel_id, parse_peer


@pytest.mark.parametrize(
    "written",
    [
        "durov",
        "@durov",
        "Durov",
        "t.me/durov",
        "https://t.me/durov",
        "http://telegram.me/durov",
        "https://t.me/s/durov",
        "https://t.me/durov/123?single",
        "https://durov.t.me",
        "tg://resolve?domain=durov&post=5",
        "  @durov ",
    ],
)
def test_forms_of_a_username(written: str) -> None:
    """A name, with or without decoration, is the same chat."""
    assert parse_peer(written).canonical == "durov"


@pytest.mark.parametrize(
    "written", ["123", "-1000000000123", "t.me/c/123/4", "https://t.me/c/123", "tg://privatepost?channel=123&post=4"]
)
def test_forms_of_a_channel_number(written: str) -> None:
    """A channel's number, bare, marked or in a link, is the marked id."""
    assert parse_peer(written).canonical == "-1000000000123"


def test_basic_group_keeps_its_mark() -> None:
    """A basic group's negative number is its id already."""
    assert parse_peer("-123456789").canonical == "-123456789"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "@",
        "ab",
        "a b",
        "no-dash",
        "0",
        "https://example.com/durov",
        "t.me/",
        "t.me/+abcdef",
        "tg://join?invite=x",
        "_x_",
        "t.me/joinchat/abc",
    ],
)
def test_what_names_no_chat_is_refused(wrong: str) -> None:
    """A writing that names no chat is refused with the forms that are accepted."""
    with pytest.raises(InvalidPeerError) as caught:
        parse_peer(wrong)
    assert "t.me link" in (caught.value.hint or "")


def test_nameless_chat_has_a_stable_id_of_its_own() -> None:
    """Title and kind decide, and no part of the id is a colon or a number that Telegram could give."""
    first = nameless_channel_id("Fixture Channel", "public_channel")
    assert first == nameless_channel_id("Fixture Channel", "public_channel")
    assert first != nameless_channel_id("Fixture Channel", "private_channel")
    assert ":" not in first


@given(st.text(max_size=60))
def test_any_text_is_a_chat_or_a_clear_error(text: str) -> None:
    """Nothing a person can type ends in another error than InvalidPeerError."""
    with contextlib.suppress(InvalidPeerError):
        assert parse_peer(text).canonical
