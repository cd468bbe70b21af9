"""Misspelt variables: one wrong letter, and a setting is silently ignored."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from tg_parser.config.env_file import require_readable

ALIKE = 0.9
"""Share of two names that must be the same; below that they may well be another program's."""


def near_names(known: Collection[str], env_file: Path | None = Path(".env")) -> dict[str, str]:
    """What was meant, by the names in the environment and `env_file` that are nearly one of `known`.

    Raises SettingsError where the file cannot be read whole.
    """
    require_readable(env_file)
    given = set(os.environ)
    if env_file is not None and env_file.is_file():
        given |= set(dotenv_values(env_file, encoding="utf-8-sig"))
    return nearly(given, known)


def nearly(given: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """The known name by each of `given` that misses it by little; a known name that is given too was not missed."""
    # Names are read without regard to case.
    written = {name.upper(): name for name in given}
    found: dict[str, str] = {}
    for upper in sorted(written.keys() - set(known)):
        meant = next(iter(get_close_matches(upper, known, n=1, cutoff=ALIKE)), None)
        if meant is not None and meant not in written:
            found[written[upper]] = meant
    return found
