"""Spares the garbage collector the libraries: what is loaded when work begins stays until the process ends.

A full collection walks through every object there is, some 300,000 of them with the databases and models loaded. Work
that makes many rows and messages sets off one after another, which took up to half of its time.
"""

from __future__ import annotations

import gc
from functools import cache


@cache
def spare_what_the_app_loaded() -> None:
    """To be called when the application is open; again, it does nothing."""
    gc.freeze()


@cache
def spare_what_runs_load() -> None:
    """To be called when what runs need is imported. Only once: what runs make is collected as ever."""
    gc.freeze()
