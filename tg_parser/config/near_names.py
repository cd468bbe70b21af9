"""Detects misspelled variables, which would otherwise be ignored silently."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from tg_parser.config.env_file import require_readable

ALIKE = 0.9
"""Minimum similarity of two names; below that, the variable probably belongs to another program."""


def near_names(known: Collection[str], env_file: Path | None = Path(".env")) -> dict[str, str]:
    """Return the intended name for each variable in the environment or `env_file` that nearly matches one of `known`.

    Raises SettingsError if the file cannot be read completely.
    """
    require_readable(env_file)
    given = set(os.environ)
    if env_file is not None and env_file.is_file():
        given |= set(dotenv_values(env_file, encoding="utf-8-sig"))
    return nearly(given, known)


def nearly(given: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return the known name for each of `given` that nearly matches one, unless that name is given as well."""
    # Names are not case-sensitive.
    written = {name.upper(): name for name in given}
    found: dict[str, str] = {}
    for upper in sorted(written.keys() - set(known)):
        meant = next(iter(get_close_matches(upper, known, n=1, cutoff=ALIKE)), None)
        if meant is not None and meant not in written:
            found[written[upper]] = meant
    return found
