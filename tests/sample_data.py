"""Data of others for tests: what may be passed on stands in tests/data; more of it, lent, may lie beside the checkout.

Lent data must not be redistributed. Where it is not at hand, the tests that stand on it alone (`tests/lent`) are not
collected, and the others run on what the repository holds.
"""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(__file__).parent / "data"
LENT = Path(os.environ.get("TG_PARSER_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")


def present(folder: str, *names: str) -> list[str]:
    """Those of `names` that lie in `folder`, of the repository or lent."""
    return [name for name in names if any((root / folder / name).exists() for root in (DATA, LENT))]


def sample(folder: str, name: str) -> Path:
    """Where `name` of `folder` lies: the repository's own first."""
    own = DATA / folder / name
    return own if own.exists() else LENT / folder / name
