"""Case folding that gives the same result in Python and in both databases, for any alphabet.

Every letter is folded to one letter, so that texts keep their length: ß does not become ss.
"""

from __future__ import annotations

from functools import cache

_LAST_CASED = 0x1EFFF
"""No letter beyond this code point has a case."""


def folded(text: str) -> str:
    """Return `text` with all letters in the case used for comparison."""
    return "".join(map(_folded, text))


def contains(text: str | None, sought: str) -> bool:
    """Return whether `text` contains `sought`, ignoring case."""
    return text is not None and folded(sought) in folded(text)


def variants(letter: str) -> str:
    """Return all letters that fold to the same one as `letter`, including itself."""
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
