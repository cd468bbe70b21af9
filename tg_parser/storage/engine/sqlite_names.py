"""Quotes names of tables and columns in SQL. A foreign file may contain any name."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'
