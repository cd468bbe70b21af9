"""Text that every database can hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tg_parser.domain.storable import storable, storable_json


def test_nul_goes_and_lone_surrogates_are_marked() -> None:
    """NUL disappears, half a character becomes U+FFFD, a whole one stays."""
    assert storable("a\x00b\ud83dc") == "ab\ufffdc"
    assert storable("\ud83d\ude00 ok") == "\N{GRINNING FACE} ok"


def test_clean_text_is_the_same_object() -> None:
    """Nothing is copied where nothing changes, so a caller can tell by identity."""
    text = "обычный текст"
    assert storable(text) is text


def test_json_is_cleaned_in_keys_and_at_any_depth() -> None:
    """A payload of others may hide such characters anywhere."""
    assert storable_json({"a\x00": [{"b": "\ud800"}, 1, None]}) == {"a": [{"b": "\ufffd"}, 1, None]}


def test_clean_json_is_the_same_object() -> None:
    """Nothing is copied where nothing changes; six characters that spell an escape are a text like any other."""
    clean = {"a": ["обычный текст", 1.5, None]}
    assert storable_json(clean) is clean
    assert storable_json([r"\u0000"]) == [r"\u0000"]


def test_json_beyond_what_is_serialized_is_cleaned_too() -> None:
    """Keys that are numbers and numbers beyond 64 bits stop the quick look at the whole, not the cleaning."""
    assert storable_json({1: "a\x00b", "n": 2**70}) == {"1": "ab", "n": 2**70}


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_result_can_always_be_encoded(text: str) -> None:
    """Whatever comes in, UTF-8 without NUL comes out, and cleaning twice changes nothing."""
    cleaned = storable(text)
    assert b"\x00" not in cleaned.encode("utf-8")
    assert storable(cleaned) == cleaned
