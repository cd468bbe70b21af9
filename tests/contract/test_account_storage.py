"""What must not be forgotten about an account outlives the process, on every backend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.accounts import AccountStorage, SessionBlock

NOON = datetime(2024, 9, 12, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2024, 9, 12, 13, 0, tzinfo=UTC)


@pytest.fixture
def accounts(databases: Databases) -> AccountStorage:
    return AccountStorage(databases.ingestion)


async def test_a_wait_is_remembered_for_each_request_and_session(accounts: AccountStorage) -> None:
    """Another request, and another account, need not wait."""
    await accounts.set_limit("one", "GetHistory", NOON)
    await accounts.set_limit("one", "ResolveUsername", LATER)
    await accounts.set_limit("two", "GetHistory", LATER)
    assert await accounts.limits("one") == {"GetHistory": NOON, "ResolveUsername": LATER}
    assert await accounts.limits("three") == {}


async def test_a_newer_wait_takes_the_place_of_the_older(accounts: AccountStorage) -> None:
    """There is one wait a request, the last that Telegram asked for."""
    await accounts.set_limit("one", "GetHistory", LATER)
    await accounts.set_limit("one", "GetHistory", NOON)
    assert await accounts.limits("one") == {"GetHistory": NOON}


async def test_a_dead_session_stays_dead_until_a_person_acts(accounts: AccountStorage) -> None:
    """The reason and the moment are kept; lifting the block concerns one session alone."""
    await accounts.set_block("one", "it was ended from another device", NOON)
    await accounts.set_block("two", "it has expired", NOON)
    assert await accounts.block("one") == SessionBlock("it was ended from another device", NOON)
    await accounts.lift_block("one")
    assert await accounts.block("one") is None
    assert await accounts.block("two") == SessionBlock("it has expired", NOON)


async def test_a_second_death_is_told_with_its_own_reason(accounts: AccountStorage) -> None:
    """Blocking twice is no error and keeps the newer reason."""
    await accounts.set_block("one", "it has expired", NOON)
    await accounts.set_block("one", "Telegram has banned the account", LATER)
    assert await accounts.block("one") == SessionBlock("Telegram has banned the account", LATER)


@pytest.mark.parametrize("access_hash", [2**63 - 1, -(2**63), 0])
async def test_the_number_for_a_channel_belongs_to_one_account(accounts: AccountStorage, access_hash: int) -> None:
    """Numbers of 64 bits come back exactly, and no other session gets them."""
    await accounts.remember_access("one", "-1001", access_hash)
    assert await accounts.access_hash("one", "-1001") == access_hash
    assert await accounts.access_hash("two", "-1001") is None
    assert await accounts.access_hash("one", "-1002") is None


async def test_a_new_number_takes_the_place_of_the_old(accounts: AccountStorage) -> None:
    """Telegram may give another number for the same channel."""
    await accounts.remember_access("one", "-1001", 5)
    await accounts.remember_access("one", "-1001", 6)
    assert await accounts.access_hash("one", "-1001") == 6
