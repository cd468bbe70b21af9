"""Whoever sits at this command line, for the log of changes."""

from __future__ import annotations

from tg_parser.domain.keys import Actor


def person() -> Actor:
    """The user of the system, and the machine."""
    import getpass
    import socket

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A system user without a name, as in many containers.
        name = "somebody"
    return Actor(f"user {name}", f"command line on {socket.gethostname()}")
