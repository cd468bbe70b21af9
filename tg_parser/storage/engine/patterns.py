"""Patterns that find words in a text whatever the case of their letters: every letter as the list of its variants.

The databases' own comparisons will not do: SQLite knows the case of ASCII letters only, PostgreSQL that of its locale.
"""

from __future__ import annotations

from tg_parser.domain.folding import variants


def glob_pattern(sought: str) -> str:
    """For SQLite's GLOB, which compares a whole text."""
    return f"*{''.join(_globbed(letter) for letter in sought)}*"


def regular_expression(sought: str) -> str:
    """For PostgreSQL's regular expressions."""
    return "".join(_escaped(letter) for letter in sought)


def _globbed(letter: str) -> str:
    every = variants(letter)
    return f"[{every}]" if len(every) > 1 or letter in "*?[" else letter


def _escaped(letter: str) -> str:
    every = variants(letter)
    if len(every) > 1:
        return f"[{every}]"
    return letter if letter.isalnum() or letter.isspace() or letter == "_" else f"\\{letter}"
