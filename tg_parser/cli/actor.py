"""The person at this command line, for the audit log."""

from __future__ import annotations

from tg_parser.domain.keys import Actor


def person() -> Actor:
    """Return the actor for the current system user on this machine."""
    import getpass
    import socket

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # The system user may have no name, as in many containers.
        name = "somebody"
    return Actor(f"user {name}", f"command line on {socket.gethostname()}")
