"""Helpers of the tests that put numbers of chats right: databases as earlier versions left them, and what is there."""

from __future__ import annotations

from typing import Any

from samples import message
from sqlalchemy import text

from tg_parser.domain.messages import Author, RawMessage
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.engine.transactions import Database

BEFORE = {"ingestion": "ingestion_0003", "raw": "raw_0001", "processing": "processing_0003"}
FOLDED, FOLDED_RIGHT = "-5032704", "-1004300000000"


def posts(channel: str, author: str, *numbers: int, **fields: Any) -> list[RawMessage]:
    return [message(number, channel=channel, author=Author(id=author), **fields) for number in numbers or (1, 2)]


async def as_before(databases: Databases) -> None:
    for database in databases.all:
        await migrator.downgrade(database, BEFORE[database.name])


async def upgrade(databases: Databases, names: tuple[str, ...] = ("ingestion", "raw", "processing")) -> None:
    for name in names:
        await migrator.upgrade(getattr(databases, name))


async def values(database: Database, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await database.rows(text(statement))]
