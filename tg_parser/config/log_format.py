"""LOG_FORMAT alone, read without the settings: errors of the command line are shown before those are loaded."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = Path(".env")


def wanted_log_format() -> str:
    """`json` where LOG_FORMAT asks for it, in the environment or in .env; `text` also where it cannot be read."""
    given = {name.upper(): value for name, value in os.environ.items()}.get("LOG_FORMAT")
    if given is None and ENV_FILE.is_file():
        try:
            given = {name.upper(): value for name, value in dotenv_values(ENV_FILE).items()}.get("LOG_FORMAT")
        except (OSError, UnicodeDecodeError):
            given = None
    return "json" if given == "json" else "text"
