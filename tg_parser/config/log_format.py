"""Reads only LOG_FORMAT, because errors of the command line are shown before the settings are loaded."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = Path(".env")


def wanted_log_format() -> str:
    """Return `json` if LOG_FORMAT in the environment or .env says so, else `text`, even if .env cannot be read."""
    given = {name.upper(): value for name, value in os.environ.items()}.get("LOG_FORMAT")
    if given is None and ENV_FILE.is_file():
        try:
            given = {name.upper(): value for name, value in dotenv_values(ENV_FILE).items()}.get("LOG_FORMAT")
        except (OSError, UnicodeDecodeError):
            given = None
    return "json" if given == "json" else "text"
