"""Excludes objects loaded at the start from garbage collection, as they stay until the process ends.

A full collection visits every object, about 300,000 with the databases and models loaded. Work that creates many rows
and messages triggers one after another, which took up to half of its time.
"""

from __future__ import annotations

import gc
from functools import cache


@cache
def spare_what_the_app_loaded() -> None:
    """Freeze the current objects, when the application is open; a second call does nothing."""
    gc.freeze()


@cache
def spare_what_runs_load() -> None:
    """Freeze what runs import. Later calls do nothing, so that the objects of runs are still collected."""
    gc.freeze()
