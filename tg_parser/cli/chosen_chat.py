"""What the argument of `run` is: a chat, or the path of an export. Pure but for a look whether the path is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tg_parser.domain.errors import InvalidPeerError
from tg_parser.domain.peers import parse_peer

_LINK = re.compile(r"\w+://|(www\.)?(t|telegram)\.(me|dog)/|\w+\.t\.me", re.IGNORECASE)
_PATH = re.compile(r"[./~]|[A-Za-z]:[\\/]|.*[\\/]|.*\.(json|html?|zip)$", re.IGNORECASE)


def export_path(written: str) -> Path | None:
    """The path that `written` is; None for a chat. A bare name is a chat, also where a folder is called the same."""
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
    """Whether a file or folder is called so; no path is too long or too strange to be asked about."""
    return os.path.exists(written)  # noqa: PTH110 - Path.exists raises for those
