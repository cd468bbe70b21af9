"""A process that builds the search index anew, and dies by SIGKILL after its first batch."""

from __future__ import annotations

import asyncio
import os
import signal

from tg_parser.config.settings import load_settings
from tg_parser.domain.progress import Progress
from tg_parser.services.searching.index import IndexService
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.search_index import SearchIndex


def die(_: Progress) -> None:
    """End at once, as in a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


async def build() -> None:
    """Build the index of the databases in the environment."""
    async with open_databases(load_settings(None)) as databases:
        await IndexService(SearchIndex(databases.processing)).build(rebuild=True, report=die)


if __name__ == "__main__":
    asyncio.run(build())
