"""Letters that differ in case alone, in any alphabet: the same letters for Python and for both databases.

A letter is folded into one letter, so that a text keeps its length: ß is not ss.
"""

from __future__ import annotations

from functools import cache

_LAST_CASED = 0x1EFFF
"""No letter beyond this one has a case."""


def folded(text: str) -> str:
    """`text` with every letter in the one case in which texts are compared."""
    return "".join(map(_folded, text))


def contains(text: str | None, sought: str) -> bool:
    """Whether `sought` is a part of `text`, whatever the case of its letters."""
    return text is not None and folded(sought) in folded(text)


def variants(letter: str) -> str:
    """Every letter that is folded into the same one as `letter`, itself among them."""
    return _variants().get(_folded(letter), letter)


def _folded(letter: str) -> str:
    return next((one for one in (letter.casefold(), letter.lower()) if len(one) == 1), letter)


@cache
def _variants() -> dict[str, str]:
    found: dict[str, str] = {}
    for letter in map(chr, range(_LAST_CASED + 1)):
        one = _folded(letter)
        if one != letter:
            found[one] = found.get(one, one) + letter
    return found
