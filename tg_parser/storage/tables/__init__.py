"""The tables of the three logical databases, one MetaData each."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import MetaData

from tg_parser.storage.tables import (
    agents,
    ingestion,
    jobs,
    keys,
    llm,
    processing,
    raw,
    requests,
    schedule,
    search,
    topics,
    webhooks,
)

DatabaseName = Literal["ingestion", "raw", "processing"]
DATABASES: tuple[DatabaseName, ...] = ("ingestion", "raw", "processing")
METADATA: dict[DatabaseName, MetaData] = {
    "ingestion": ingestion.metadata,
    "raw": raw.metadata,
    "processing": processing.metadata,
}

__all__ = [
    "DATABASES",
    "METADATA",
    "DatabaseName",
    "agents",
    "ingestion",
    "jobs",
    "keys",
    "llm",
    "processing",
    "raw",
    "requests",
    "schedule",
    "search",
    "topics",
    "webhooks",
]
