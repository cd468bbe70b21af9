"""Many lookups at one moment are one query."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tg_parser.llm.models.batching_loader import BatchingLoader


async def test_lookups_of_one_moment_are_one_query() -> None:
    """A hundred tasks cause one query; those that come while it runs share the next one."""
    asked: list[list[str]] = []

    async def find(keys: Sequence[str]) -> dict[str, str]:
        asked.append(list(keys))
        await asyncio.sleep(0)
        return {key: key.upper() for key in keys if key != "none"}

    loader = BatchingLoader(find)
    first = [asyncio.create_task(loader.get(f"k{number}")) for number in range(100)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    late = asyncio.gather(loader.get("none"), loader.get("late"), loader.get("late"))
    assert [task.result() for task in first] == [f"K{number}" for number in range(100)]
    assert await late == [None, "LATE", "LATE"]
    assert [len(keys) for keys in asked] == [100, 2]


async def test_failed_query_is_everybodys_error_and_not_the_next_ones() -> None:
    """All who waited for a query learn that it failed; the next lookup asks anew."""
    answers: list[Any] = [ConnectionError("gone"), {"a": 1}]

    async def find(_keys: Sequence[str]) -> dict[str, int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    loader = BatchingLoader(find)
    outcomes = await asyncio.gather(loader.get("a"), loader.get("b"), return_exceptions=True)
    assert [type(each) for each in outcomes] == [ConnectionError, ConnectionError]
    assert await loader.get("a") == 1


async def test_cancelled_lookup_leaves_the_others_alone() -> None:
    """Who no longer waits does not take the answer from those who do."""

    async def find(keys: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(keys, 1)

    loader = BatchingLoader(find)
    leaver, other = (asyncio.create_task(loader.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaver.cancel()
    assert await other == 1
    with pytest.raises(asyncio.CancelledError):
        await leaver
