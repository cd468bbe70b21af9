"""A server that cannot carry the databases is refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from tg_parser.storage.engine.server_check import ServerFacts, unfit

GOOD = ServerFacts(
    version=140_000, in_recovery=False, read_only=False, encoding="UTF8", connections=97, settings_kept=True
)


def test_the_oldest_good_server_is_taken() -> None:
    """Version 14 with UTF8 that takes writes is all that is needed."""
    assert unfit(GOOD) is None
    assert unfit(GOOD._replace(version=180_001)) is None


@pytest.mark.parametrize(
    ("changed", "sentence", "hint"),
    [
        ({"version": 130_022}, "is of version 13, and 14 is the oldest that works", "Upgrade"),
        ({"version": 90_624}, "is of version 9", "Upgrade"),
        ({"in_recovery": True}, "is a standby, which takes no writes", "DB_REPLICA_HOSTS"),
        ({"settings_kept": False}, "is behind a pooler that drops the settings", "DB_TRANSACTION_POOLER=true"),
        ({"read_only": True}, "is read-only by its own setting", "default_transaction_read_only"),
        ({"encoding": "SQL_ASCII"}, "has the encoding SQL_ASCII", "ENCODING 'UTF8'"),
    ],
)
def test_unfit_servers_are_told_why(changed: dict[str, Any], sentence: str, hint: str) -> None:
    """Too old, a standby, read-only, of an encoding that cannot hold Russian: each with what to do."""
    told = unfit(GOOD._replace(**changed))
    assert told[0].startswith(sentence)
    assert hint in told[1]
