"""A process that finds topics and is killed before its n-th write; 0 lets it end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from samples import CHANNEL
from sqlalchemy import event

from tg_parser.config.settings import load_settings
from tg_parser.nlp.embeddings import Vectors
from tg_parser.nlp.words import stem, words
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer

DIMENSIONS = 256
READS = ("SELECT", "PRAGMA", "SET", "SHOW", "ATTACH", "BEGIN", "WITH")


class WordCounts:
    """An embedder that a process has at once: how often words occur, by a number of theirs."""

    model_id, dimensions = "word-counts", DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Count stems."""
        counts = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                counts[row, sum(stem(word, "ru").encode()) % DIMENSIONS] += 1
        return counts


async def topicize(kill_at: int) -> None:
    """Find the topics of the channel; die by SIGKILL before the write numbered `kill_at`."""
    writes = 0

    def count(*_: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def count_statement(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.lstrip().upper().startswith(READS):
            count()

    async with open_databases(load_settings(None)) as databases:
        engine = databases.processing.engine.sync_engine
        event.listen(engine, "before_cursor_execute", count_statement)
        event.listen(engine, "commit", count)
        topics = TopicStorage(databases.processing)
        await Topicizer(ProcessingStorage(databases.processing), topics, WordCounts()).run([CHANNEL], TopicOptions())


if __name__ == "__main__":
    asyncio.run(topicize(int(sys.argv[1])))
