"""The search index after a power cut: what is missing is known, and the next build adds just that."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from conftest import process_environment
from samples import document
from sqlalchemy import select

from tg_parser.services.searching.index import IndexService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.transactions import Row
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.search_index import SearchIndex
from tg_parser.storage.tables.search import search_entries

SCRIPT = Path(__file__).parents[1] / "index_process.py"
BATCH, DOCUMENTS = 1_000, 1_500


async def stored(databases: Databases) -> list[Row]:
    """All entries of the index."""
    return list(await databases.processing.rows(select(search_entries).order_by(search_entries.c.number)))


async def test_a_killed_build_is_noticed_and_ended(databases: Databases, database_environment: dict[str, str]) -> None:
    """Killed amid building anew, a batch is there and the rest is known to be missing; then the index is as before."""
    every = [document(number, f"Сообщение номер {number}", language="ru") for number in range(1, DOCUMENTS + 1)]
    await ProcessingStorage(databases.processing).store(every)
    index = IndexService(SearchIndex(databases.processing))
    await index.build()
    before = await stored(databases)
    environment = process_environment(database_environment)
    called = [sys.executable, str(SCRIPT)]
    done = await asyncio.to_thread(subprocess.run, called, env=environment, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert await index.state() == (BATCH, DOCUMENTS)
    ended = await index.build()
    assert (ended.added, ended.indexed, ended.rebuilt) == (DOCUMENTS - BATCH, DOCUMENTS, False)
    assert await stored(databases) == before
