"""Tokens told from letters, against counts of a real tokenizer."""

from __future__ import annotations

import pytest

from tg_parser.llm.spending.token_counts import TextSize, size_of


@pytest.mark.parametrize(
    ("chars", "utf8_bytes", "tokens"),
    [
        (573_200, 950_969, 161_618),
        (216_828, 377_493, 67_379),
        (265_886, 427_448, 74_528),
        (78_299, 78_299, 18_665),
        (83_714, 144_001, 24_979),
    ],
)
def test_sums_of_measured_collections(chars: int, utf8_bytes: int, tokens: int) -> None:
    """Three Russian channels, English tweets and Russian sentences: within 5 % of what o200k_base makes of them."""
    assert TextSize(chars, utf8_bytes).tokens == pytest.approx(tokens, rel=0.05)


def test_size_of_a_text() -> None:
    """A letter beyond ASCII has a byte more, an emoji three; no text has no tokens."""
    assert size_of("да 😀") == TextSize(4, 9)
    assert size_of("").tokens == 0
    assert size_of("😀" * 3).tokens == pytest.approx(9 / 3.1)
