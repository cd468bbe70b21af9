"""Fences around other people's texts: the prompt says that what is inside is data, and no text can close its fence.

The code of a fence is derived from the texts themselves: the same texts give the same prompt, and a text that contains
the code of its own fence gets another code.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_LENGTH = 8
_LINE = re.compile(r"<<<[A-Z][A-Z0-9 ]* [0-9a-f]{8}\b|\b[A-Z][A-Z0-9 ]* [0-9a-f]{8}>>>")


@dataclass(frozen=True, slots=True)
class Fence:
    """The fence of one prompt: all its blocks share a `code` that occurs in none of its texts."""

    code: str

    @classmethod
    def around(cls, texts: Iterable[str]) -> Self:
        """The fence for `texts`."""
        whole = "\x00".join(texts)
        code = _code(whole)
        while code in whole:
            code = _code(f"{code} {whole}")
        return cls(code)

    def block(self, label: str, text: str) -> str:
        """`text` between an opening and a closing line that name the `label`."""
        return f"<<<{label} {self.code}\n{text}\n{label} {self.code}>>>"


def holds_fence(text: str) -> bool:
    """Whether `text`, an answer, repeats a line of a fence."""
    return _LINE.search(text) is not None


def _code(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_LENGTH]
