"""Spending and paid answers on both backends: counters add up in SQL, answers are found by their question."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from samples import CHANNEL, NOW

from tg_parser.domain.spending import Account, PaidAnswer, Spending
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage

ACCOUNT = Account("2026-11-30", "run-1", "processing", CHANNEL, "openai", "gpt-5-mini")
CALL = Spending(calls=1, input_tokens=1000, output_tokens=200, cost_nanousd=650_000)


def paid(key: str, **fields: Any) -> PaidAnswer:
    response = {"text": '{"summary": "Вышел релиз"}', "parameters": {"temperature": 0}}
    defaults = PaidAnswer(key, CHANNEL, "openai", "gpt-5-mini", response, 1000, 200, 650_000, NOW)
    return replace(defaults, **fields)


@pytest.fixture
def books(databases: Databases) -> SpendingStorage:
    return SpendingStorage(databases.processing)


@pytest.fixture
def answers(databases: Databases) -> AnswerStorage:
    return AnswerStorage(databases.processing)


async def test_spending_of_one_account_adds_up(books: SpendingStorage) -> None:
    """Booking twice on the same day, run, stage, channel and model gives one row with both."""
    await books.book({ACCOUNT: CALL}, [])
    await books.book({ACCOUNT: replace(CALL, cached_answers=3, unknown_price_calls=1)}, [])
    assert await books.totals("run") == {
        "run-1": Spending(2, 2000, 400, 1_300_000, unknown_price_calls=1, cached_answers=3)
    }


async def test_totals_by_every_grouping(books: SpendingStorage) -> None:
    """The same spending is summed by day, month, run, channel, model and stage, each in the order of its labels."""
    topics = Account("2026-12-01", "run-2", "topics", "", "anthropic", "claude-haiku-4-5")
    await books.book({topics: CALL, ACCOUNT: CALL}, [])
    labels = {by: list(await books.totals(by)) for by in ("day", "month", "run", "channel", "model", "stage")}
    assert labels == {
        "day": ["2026-11-30", "2026-12-01"],
        "month": ["2026-11", "2026-12"],
        "run": ["run-1", "run-2"],
        "channel": ["", CHANNEL],
        "model": ["anthropic:claude-haiku-4-5", "openai:gpt-5-mini"],
        "stage": ["processing", "topics"],
    }
    assert await books.totals("stage", since="2026-12-01") == {"topics": CALL}


async def test_month_holds_its_first_and_last_day_alone(books: SpendingStorage) -> None:
    """What was spent on the days around a month does not count against its budget."""
    days = {"2026-10-31": 1, "2026-11-01": 10, "2026-11-30": 100, "2026-12-01": 1000}
    await books.book({ACCOUNT._replace(day=day): Spending(cost_nanousd=cost) for day, cost in days.items()}, [])
    assert await books.month_nanousd("2026-11") == 110
    assert await books.month_nanousd("2026-09") == 0


async def test_sums_beyond_32_bits(books: SpendingStorage) -> None:
    """Five dollars are more billionths than 32 bits hold, and are counted to the last one."""
    await books.book({ACCOUNT: Spending(cost_nanousd=5_000_000_001)}, [])
    await books.book({ACCOUNT: Spending(cost_nanousd=5_000_000_001)}, [])
    assert await books.month_nanousd("2026-11") == 10_000_000_002


async def test_many_book_at_once(books: SpendingStorage) -> None:
    """Bookings at the same time are all counted."""
    await asyncio.gather(*(books.book({ACCOUNT: CALL}, []) for _ in range(20)))
    assert (await books.totals("run"))["run-1"].calls == 20


async def test_answers_come_back_as_they_were_kept(books: SpendingStorage, answers: AnswerStorage) -> None:
    """Many keys are looked up in one question, those nobody kept are left out, unknown tokens stay unknown."""
    kept = [paid("a"), paid("b", channel_id="", input_tokens=None, output_tokens=None, cost_nanousd=None)]
    await books.book({}, kept)
    assert await answers.find(["a", "b", "c"]) == {"a": kept[0], "b": kept[1]}
    assert await answers.find([]) == {}


async def test_newer_answer_takes_the_place_of_the_old_one(books: SpendingStorage, answers: AnswerStorage) -> None:
    """Under one key there is one answer."""
    await books.book({}, [paid("a")])
    await books.book({}, [paid("a", model="gpt-5")])
    assert (await answers.find(["a"]))["a"].model == "gpt-5"


async def test_answer_with_what_postgresql_cannot_hold(books: SpendingStorage, answers: AnswerStorage) -> None:
    """NUL in an answer's text is left out on both backends."""
    await books.book({}, [paid("a", response={"text": "x\x00y"})])
    assert (await answers.find(["a"]))["a"].response == {"text": "xy"}


async def test_hundreds_of_answers_in_one_booking(books: SpendingStorage, answers: AnswerStorage) -> None:
    """A batch large enough for PostgreSQL's COPY replaces known answers as a small one does."""
    await books.book({}, [paid(f"k{number}") for number in range(250)])
    await books.book({}, [paid(f"k{number}", model="gpt-5") for number in range(250)])
    found = await answers.find([f"k{number}" for number in range(250)])
    assert {answer.model for answer in found.values()} == {"gpt-5"}
    assert len(found) == 250


async def test_answers_of_a_removed_channel_are_gone_and_the_spending_stays(
    databases: Databases, books: SpendingStorage, answers: AnswerStorage
) -> None:
    """Deleting a channel's data deletes what models said of it; what that cost still counts against the budget."""
    await books.book({ACCOUNT: CALL}, [paid("a"), paid("b", channel_id="-1009")])
    await ProcessingStorage(databases.processing).delete_channel(CHANNEL)
    assert set(await answers.find(["a", "b"])) == {"b"}
    assert await books.month_nanousd("2026-11") == 650_000
