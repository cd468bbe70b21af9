"""Decides whether the argument of `run` is a chat or the path of an export. Only checks whether the path exists."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.peers import parse_peer

_LINK = re.compile(r"\w+://|(www\.)?(t|telegram)\.(me|dog)/|\w+\.t\.me", re.IGNORECASE)
_PATH = re.compile(r"[./~]|[A-Za-z]:[\\/]|.*[\\/]|.*\.(json|html?|zip)$", re.IGNORECASE)


def export_path(written: str) -> Path | None:
    """Return the path if `written` is one, or None for a chat. A bare name is a chat even if such a folder exists."""
    if written.startswith("@") or _LINK.match(written):
        return None
    if _PATH.match(written):
        return Path(written).expanduser()
    try:
        parse_peer(written)
    except InvalidPeerError:
        return Path(written) if is_here(written) else None
    return None


def is_here(written: str) -> bool:
    """Return whether such a file or folder exists; False for paths that are too long or malformed."""
    return os.path.exists(written)  # noqa: PTH110 - Path.exists raises for those
