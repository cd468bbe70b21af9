"""API keys and the log of changes on both backends: what is kept, what is never kept, who wins when two change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tg_parser.domain.errors import KeyNotFoundError, KeyStateError
from tg_parser.domain.keys import ApiKey, AuditEntry, new_entry_id, secret_hash
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.keys import KeyStorage

NOW = datetime(2024, 11, 27, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def storage(databases: Databases) -> KeyStorage:
    return KeyStorage(databases.processing)


def key(number: int, **fields: Any) -> ApiKey:
    facts = {"key_id": f"key{number}", "name": "n", "role": "editor", "secret_hash": secret_hash(f"secret{number}")}
    return ApiKey(**{"created_at": NOW + number * DAY, **facts, **fields})


def entry(number: int = 0, subject: str = "key1", **fields: Any) -> AuditEntry:
    at = NOW + timedelta(seconds=number)
    facts = {"actor": "user me", "action": "keys.create", "origin": "here"}
    return AuditEntry(**{"entry_id": new_entry_id(at), "at": at, "subject": subject, **facts, **fields})


async def test_a_key_is_kept_as_it_was_made(storage: KeyStorage) -> None:
    """With every fact, with a limit, with an empty one and with none; oldest first."""
    made = [
        key(1, sources=frozenset({"a", "b"}), expires_at=NOW + DAY),
        key(2, sources=frozenset(), previous_hash="h", previous_until=NOW, rotated_at=NOW, last_used_at=NOW),
        key(3, revoked_at=NOW),
    ]
    for each in reversed(made):
        await storage.add(each, entry(subject=each.key_id))
    assert await storage.list() == made
    assert await storage.get("key1") == made[0]
    assert await storage.get("nobody\x00") is None


async def test_a_revoked_key_stays_so(storage: KeyStorage) -> None:
    """The time of the first revocation holds; a key that nobody made cannot be revoked, and neither is logged."""
    await storage.add(key(1), entry())
    assert (await storage.revoke("key1", NOW, entry(1))).revoked_at == NOW
    with pytest.raises(KeyStateError, match="key1 is revoked"):
        await storage.revoke("key1", NOW + DAY, entry(2))
    with pytest.raises(KeyNotFoundError):
        await storage.revoke("key9", NOW, entry(3))
    assert await storage.get("key1") == key(1, revoked_at=NOW)
    assert len(await storage.audit(limit=9)) == 2


async def test_a_rotation_keeps_the_secret_before_it_and_no_older_one(storage: KeyStorage) -> None:
    """Until its time; the end of the key stays unless another is given; a key that has ended cannot be rotated."""
    await storage.add(key(1, expires_at=NOW + 9 * DAY), entry())
    await storage.rotate("key1", "hash2", NOW, NOW + DAY, entry(1))
    rotated = await storage.rotate("key1", "hash3", NOW + DAY, NOW + 2 * DAY, entry(2), expires_at=NOW + 5 * DAY)
    assert rotated == key(
        1,
        secret_hash="hash3",
        previous_hash="hash2",
        previous_until=NOW + 2 * DAY,
        rotated_at=NOW + DAY,
        expires_at=NOW + 5 * DAY,
    )
    with pytest.raises(KeyStateError, match="key1 is expired"):
        await storage.rotate("key1", "hash4", NOW + 5 * DAY, NOW + 6 * DAY, entry(3))
    assert await storage.get("key1") == rotated


async def test_rotations_at_once_follow_one_another(storage: KeyStorage) -> None:
    """Of two, the second has the secret of the first as the one before it."""
    await storage.add(key(1), entry())
    await asyncio.gather(*(storage.rotate("key1", name, NOW, NOW + DAY, entry(1)) for name in ("x", "y")))
    kept = await storage.get("key1")
    assert kept is not None
    assert {kept.secret_hash, kept.previous_hash} == {"x", "y"}


async def test_last_use_is_kept_once_a_minute(storage: KeyStorage) -> None:
    """However many use it at once; after a minute again."""
    await storage.add(key(1), entry())
    assert sum(await asyncio.gather(*(storage.note_use("key1", NOW) for _ in range(5)))) == 1
    assert not await storage.note_use("key1", NOW + timedelta(seconds=59))
    assert await storage.note_use("key1", NOW + timedelta(seconds=60))
    assert (await storage.get("key1")) == key(1, last_used_at=NOW + timedelta(seconds=60))


async def test_a_limit_follows_its_sources(storage: KeyStorage) -> None:
    """A source with another id is seen by the same keys; one that is gone by none, and no limit ever becomes none."""
    await storage.add(key(1, sources=frozenset({"a", "b"})), entry())
    await storage.add(key(2), entry(subject="key2"))
    await storage.source_renamed("a", "c")
    await storage.source_renamed("a", "c")
    assert [each.sources for each in await storage.list()] == [{"b", "c"}, None]
    await storage.source_removed("b")
    await storage.source_removed("c")
    assert [each.sources for each in await storage.list()] == [frozenset(), None]


async def test_the_log_is_read_newest_first_by_page_and_by_key(storage: KeyStorage) -> None:
    """Pages meet without a gap; what a key did and what was done to it are found by it."""
    made = [
        entry(1, details={"name": "ключ", "sources": None}),
        entry(2, subject="key2", actor="key1"),
        entry(3, subject="key3", origin="10.0.0.1"),
    ]
    for each in made:
        await storage.log(each)
    newest = made[::-1]
    assert await storage.audit(limit=9) == newest
    first = await storage.audit(limit=2)
    assert [*first, *await storage.audit(limit=2, before=first[-1].entry_id)] == newest
    assert await storage.audit(limit=9, key_id="key1") == [made[1], made[0]]


async def test_a_key_and_its_entry_come_together_or_not_at_all(storage: KeyStorage) -> None:
    """Where the entry cannot be kept, neither is the key."""
    once = entry()
    await storage.add(key(1), once)
    with pytest.raises(IntegrityError):
        await storage.add(key(2), once)
    assert await storage.list() == [key(1)]


async def test_a_dump_of_the_tables_lets_nobody_in(storage: KeyStorage, databases: Databases) -> None:
    """No column of either table holds a secret, or a hash that is a secret itself."""
    await storage.add(key(1), entry())
    await storage.rotate("key1", secret_hash("secret2"), NOW, NOW + DAY, entry(1))
    rows = [await databases.processing.rows(text(f"SELECT * FROM {name}")) for name in ("api_keys", "audit_log")]
    assert "secret1" not in str(rows)
    assert secret_hash("secret1") in str(rows)
    assert not key(1).fits(secret_hash("secret1"))
