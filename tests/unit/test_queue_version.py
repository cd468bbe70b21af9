"""The schema of the queue is made once, by a migration, so its release is fixed."""

from __future__ import annotations

from importlib.metadata import version


def test_another_release_of_the_queue_needs_a_migration_of_its_own() -> None:
    """The migration that makes its tables takes them from the installed release, which has to be the one it is for."""
    assert version("procrastinate").split(".")[:2] == ["3", "10"]
