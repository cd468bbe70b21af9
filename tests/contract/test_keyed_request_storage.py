"""Requests with an idempotency key on both backends: who may begin one, and whose end is whose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tg_parser.domain.keyed_requests import KeptAnswer, KeyedRequest
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.keyed_requests import KeyedRequestStorage

NOW = datetime(2024, 11, 27, 9, 0, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST, ANEW = (KeyedRequest("client", "key", "digest", at) for at in (NOW, NOW + 2 * MINUTE))


@pytest.fixture
def storage(databases: Databases) -> KeyedRequestStorage:
    return KeyedRequestStorage(databases.processing)


async def test_a_request_is_begun_once(storage: KeyedRequestStorage) -> None:
    """The second one hears of the first."""
    assert await storage.begin(FIRST, NOW - MINUTE) is None
    assert await storage.begin(ANEW, NOW - MINUTE) == FIRST


async def test_a_request_that_is_forgotten_may_be_begun_again(storage: KeyedRequestStorage) -> None:
    """At once, without waiting until it counts as abandoned."""
    await storage.begin(FIRST, NOW - MINUTE)
    await storage.forget(FIRST)
    assert await storage.begin(ANEW, NOW - MINUTE) is None


async def test_whoever_was_given_up_does_not_end_what_was_begun_anew(storage: KeyedRequestStorage) -> None:
    """The first worker comes back late and forgets its own attempt, not the one that runs."""
    await storage.begin(FIRST, NOW - MINUTE)
    assert await storage.begin(ANEW, NOW + MINUTE) is None
    await storage.forget(FIRST)
    assert await storage.begin(FIRST, NOW - MINUTE) == ANEW


async def test_an_answer_that_was_kept_is_not_forgotten(storage: KeyedRequestStorage) -> None:
    """A connection that was lost behind the commit must not let the request be done twice."""
    await storage.begin(FIRST, NOW - MINUTE)
    await storage.answer(FIRST, KeptAnswer(202, {}, "{}"))
    await storage.forget(FIRST)
    told = await storage.begin(ANEW, NOW - MINUTE)
    assert told is not None
    assert told.answer == KeptAnswer(202, {}, "{}")
