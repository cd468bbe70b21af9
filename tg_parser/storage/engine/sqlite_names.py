"""Names of tables and columns in SQL. A file of somebody else may hold any."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
