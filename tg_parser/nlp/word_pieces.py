"""The encoder's tokens, cached by word, because a channel repeats most of its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

WORDS_KEPT = 50_000
_SPACES = re.compile(r"[ \n\t\r]+")

Encode = Callable[..., list[int]]


class WordPieces:
    """Gives the same tokens as the encoder's own tokenizer, whose tokens never span a space."""

    def __init__(self, tokenizer: Any) -> None:
        self._encode: Encode = tokenizer.encode
        self._begin, self._end = self._encode("", add_bos=True, add_eos=True)[::2]
        (self._unknown,) = self._encode("", add_bos=False, add_eos=False)
        self.of_word = lru_cache(WORDS_KEPT)(self._of_word)

    def encode(self, text: str, **_: Any) -> list[int]:
        """The tokens of `text` between the begin and end tokens, called the way the encoder calls its tokenizer."""
        tokens = [token for word in _SPACES.split(text) if word for token in self.of_word(word)]
        return [self._begin, *(tokens or [self._unknown]), self._end]

    def _of_word(self, word: str) -> tuple[int, ...]:
        tokens = tuple(self._encode(word, add_bos=False, add_eos=False))
        # Invisible characters alone are not a word; as a whole text they would be the unknown token.
        return () if tokens == (self._unknown,) else tokens
