"""How a schema stands to this version, and what is done about it."""

from __future__ import annotations

import pytest

from tg_parser.storage.engine.migrator import may_upgrade, schema_state

KNOWN = ["raw_0003", "raw_0002", "raw_0001"]


@pytest.mark.parametrize(
    ("revision", "has_our_tables", "state"),
    [
        (None, False, "empty"),
        (None, True, "foreign"),
        ("raw_0001", True, "behind"),
        ("raw_0002", True, "behind"),
        ("raw_0003", True, "current"),
        ("raw_0004", True, "newer"),
    ],
)
def test_state_follows_from_the_noted_revision(revision: str | None, has_our_tables: bool, state: str) -> None:
    """The newest known revision is current, older known ones are behind, and an unknown one is newer."""
    assert schema_state(revision, KNOWN, has_our_tables) == state


def test_only_a_file_of_our_own_is_brought_forward_unasked() -> None:
    """An old schema on a server waits for `db upgrade`, because other processes may still run on it."""
    assert may_upgrade("behind", embedded=True)
    assert not may_upgrade("behind", embedded=False)
    assert may_upgrade("empty", embedded=False)
    assert not any(may_upgrade(state, embedded=True) for state in ("newer", "foreign"))
