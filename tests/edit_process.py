"""A process that merges two topics and undoes that, again and again, until it is killed."""

from __future__ import annotations

import asyncio
import sys

from tg_parser.config.settings import load_settings
from tg_parser.wiring.app import open_app


async def edit(kept: str, gone: str) -> None:
    """Say so once the first edit is done, and go on."""
    async with open_app(load_settings(None)) as app:
        while True:
            if not [one for one in await app.topic_edits.list(None) if one.undone_at is None]:
                await app.topic_edits.merge(kept, gone, "anna")
            sys.stdout.write("merged\n")
            sys.stdout.flush()
            await app.topic_edits.undo(None, "anna")


if __name__ == "__main__":
    asyncio.run(edit(*sys.argv[1:]))
