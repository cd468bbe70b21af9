"""Estimates the tokens of a text from its letters alone.

Measured with the tokenizer of OpenAI's present models on 2,800 Russian posts and 1,800 short texts in Russian and
English: 4.2 characters of ASCII a token, 3.1 of Cyrillic; the sums of each collection come out within 5 %. Models with
older tokenizers take up to 1.6 times as many for Russian, and as many for English.
"""

from __future__ import annotations

from dataclasses import dataclass

ASCII_PER_TOKEN = 4.2
OTHER_PER_TOKEN = 3.1


@dataclass(frozen=True, slots=True)
class TextSize:
    """Length in characters, and in UTF-8 bytes: a letter that is not ASCII has one byte more, an emoji three."""

    chars: int
    utf8_bytes: int

    @property
    def tokens(self) -> float:
        """The tokens of a text, or of many."""
        other = self.utf8_bytes - self.chars
        return max(self.chars - other, 0) / ASCII_PER_TOKEN + other / OTHER_PER_TOKEN


def size_of(text: str) -> TextSize:
    """The size of one text."""
    return TextSize(len(text), len(text.encode(errors="replace")))
