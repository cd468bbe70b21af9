"""What tests of the API share: an account at the fake server, and everything that a chat shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fake_telegram_server import telegram_variables

from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.messages import RawMessage
from tg_parser.domain.peers import Peer, parse_peer
from tg_parser.ingestion.source import Window
from tg_parser.ingestion.telegram.api import TelegramApi
from tg_parser.ingestion.telegram.chat import TelegramChat
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.accounts import AccountStorage

EVERYTHING = Window()


class OpenChats(TelegramApi):
    """The API whose chats stay in use until the end of a test."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.in_use = AsyncExitStack()

    async def keep(self, peer: Peer) -> TelegramChat:
        """The chat of `peer`, kept in use."""
        return await self.in_use.enter_async_context(self.open(peer))


@asynccontextmanager
async def reach(
    server: Any, databases: Databases, *, max_wait: float = 300.0, patience: float = 10.0, **variables: Any
) -> AsyncIterator[Any]:
    """The API through the account at `server`; what it remembers is in `databases`."""
    settings = TelegramSettings(_env_file=None, **{**telegram_variables(server), **variables})
    retry = RetrySettings(max_attempts=3, backoff_base=0.1, backoff_max=1, jitter=0)
    accounts = AccountStorage(databases.ingestion)
    api = OpenChats(settings, retry, max_wait, accounts, databases.locks, patience=patience)
    try:
        async with api.in_use:
            yield api
    finally:
        await api.close()


async def open_chat(api: OpenChats, written: str) -> TelegramChat:
    """The chat as somebody writes it."""
    return await api.keep(parse_peer(written))


async def messages_of(batches: AsyncIterator[Any]) -> list[RawMessage]:
    """All messages of the batches, in their order."""
    return [message async for batch in batches for message in batch.messages]


async def looked_again(observations: AsyncIterator[Any]) -> tuple[list[RawMessage], list[int]]:
    """All messages and all ids that are gone, of several second looks."""
    messages, gone = [], []
    async for shown in observations:
        messages += shown.messages
        gone += shown.gone
    return messages, gone
