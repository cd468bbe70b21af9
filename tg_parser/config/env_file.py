"""Checks that the `.env` file is readable; otherwise the defaults would be used without notice."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream

from tg_parser.domain.errors import SettingsError


def require_readable(path: Path | None) -> None:
    """Raise SettingsError if `path` exists but is not text of `NAME=value` lines. Values are not repeated."""
    if path is None or not path.is_file():
        return
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} is not UTF-8 text (byte {error.start + 1}).", "Save it as UTF-8 in your editor."
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            raise SettingsError(
                f"{path}, line {line.original.line}, does not have the form NAME=value.",
                "Close its quotation marks, or start the line with # to disable it.",
            )
