"""How much text is waiting, counted by the database: newest texts, cut to what is sent, in characters and bytes."""

from __future__ import annotations

from typing import Any

import pytest
from samples import CHANNEL, NOW, document, message

from tg_parser.domain.messages import RawMessage
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.waiting_texts import WaitingTexts, WaitingTextStorage

LIMITS: dict[str, Any] = {"short_chars": 5, "max_chars": 10}


@pytest.fixture
def waiting_texts(databases: Databases) -> WaitingTextStorage:
    return WaitingTextStorage(databases.processing)


async def store(databases: Databases, *messages: RawMessage) -> None:
    await RawStorage(databases.raw).store(messages, NOW)


async def test_nothing_waiting_is_nothing(waiting_texts: WaitingTextStorage) -> None:
    """An empty channel has no text."""
    assert await waiting_texts.sizes(CHANNEL, **LIMITS) == WaitingTexts()


async def test_lengths_are_of_characters_and_of_bytes(databases: Databases, waiting_texts: WaitingTextStorage) -> None:
    """Cyrillic letters have two bytes, an emoji four; messages without text count as messages alone."""
    texts = ["abc", "привет", "😀", ""]
    await store(databases, *(message(number, text=text) for number, text in enumerate(texts, 1)))
    assert await waiting_texts.sizes(CHANNEL, **LIMITS) == WaitingTexts(
        messages=4, with_text=3, short=2, comments=0, chars=10, utf8_bytes=19
    )


async def test_backslashes_are_characters(databases: Databases, waiting_texts: WaitingTextStorage) -> None:
    """A text is measured as it is, not as an escape."""
    await store(databases, message(1, text="\\x \\n"))
    assert (await waiting_texts.sizes(CHANNEL, **LIMITS)).utf8_bytes == 5


async def test_long_text_counts_as_its_beginning(databases: Databases, waiting_texts: WaitingTextStorage) -> None:
    """Of a text of 40 letters the 10 that are sent count, with their share of the bytes."""
    await store(databases, message(1, text="я" * 40))
    sizes = await waiting_texts.sizes(CHANNEL, **LIMITS)
    assert (sizes.chars, sizes.utf8_bytes, sizes.short) == (10, 20, 0)


async def test_done_messages_cost_nothing_more(databases: Databases, waiting_texts: WaitingTextStorage) -> None:
    """A message with a document is not waiting, and is with `force`; another channel's is neither."""
    await store(databases, message(1, text="abc"), message(2, text="de"))
    await ProcessingStorage(databases.processing).store([document(1)])
    assert (await waiting_texts.sizes(CHANNEL, **LIMITS)).chars == 2
    assert (await waiting_texts.sizes(CHANNEL, **LIMITS, force=True)).chars == 5
    assert await waiting_texts.sizes("-1009", **LIMITS, force=True) == WaitingTexts()
