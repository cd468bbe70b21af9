"""Lists of 50 documents over HTTP at a steady pace, by filter, with a key for each request.

python benchmarks/bench_api_lists.py [--messages 1000000] [--rate 50] [--seconds 20] [--backend sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson
from api_load import BACKENDS, api_of, application, ask, load, paced, variables_of, worked
from sqlalchemy import text
from stored_channel import BATCH, BEGIN, document

from tg_parser.domain.documents import Sentiment
from tg_parser.domain.keys import Actor
from tg_parser.domain.refs import topic_id
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.storage.tables.processing import processed_documents
from tg_parser.wiring.app import App

CHANNELS, TOPIC_SIZE, AIM = 50, 300, 50.0
LIST = "/api/v1/documents?limit=50"


def channel(number: int) -> str:
    return f"-1001{number:09d}"


def made(number: int) -> StoredDocument:
    """Every tenth in another language, every seventh of another tone."""
    stored, ref = document(number), f"tg:{channel(0)}:post:{number}"
    told = {
        "id": f"doc:{ref}",
        "source_ref": ref,
        "channel_id": channel(0),
        "language": "en" if number % 10 == 0 else "ru",
        "sentiment": Sentiment(label="negative" if number % 7 == 0 else "neutral", score=0.9),
    }
    changed = stored.document.model_copy(update=told)
    return StoredDocument(changed, 0, stored.message_date, "post", stored.thread_id, None)


async def fill(app: App, documents: int) -> str:
    """Store the documents of a channel and copy them to the others; returns the secret of a key."""
    database, each = app.shared.databases.processing, documents // CHANNELS
    storage = ProcessingStorage(database)
    for first in range(1, each + 1, BATCH):
        await storage.store([made(number) for number in range(first, min(first + BATCH, each + 1))])
    for number in range(1, CHANNELS):
        await _copied(database, channel(number))
    await TopicStorage(database).replace([channel(25)], [_topic(channel(25))], [], TopicRun("filled", BEGIN, {}))
    for number in range(CHANNELS):
        await app.sources.add(SourceChange(source_id=f"source_{number}", channel_id=channel(number)))
    async with database.engine.connect() as conn:
        await conn.exec_driver_sql("ANALYZE" if conn.dialect.name == "postgresql" else "ANALYZE main")
        await conn.commit()
    return (await app.keys.create("bench", "reader", Actor("bench", "here"))).secret


async def _copied(database: Database, to: str) -> None:
    renamed = {"source_ref", "id", "channel_id"}
    names = [column.name for column in processed_documents.c]
    values = [f"replace({name}, '{channel(0)}', '{to}')" if name in renamed else name for name in names]
    copy = f"INSERT INTO processed_documents ({', '.join(names)}) SELECT {', '.join(values)} FROM processed_documents"
    statement = text(f"{copy} WHERE channel_id = '{channel(0)}'")
    await database.write(lambda conn: conn.execute(statement))


def _topic(of: str) -> tuple[TopicCard, TopicBundle]:
    refs = [f"tg:{of}:post:{number}" for number in range(1, TOPIC_SIZE + 1)]
    anchor = Anchor(message_id="1", anchor_ref=refs[0], score=0.9, channel_id=of, message_type="post")
    card = TopicCard(
        id=topic_id(refs[0]),
        title="Topic",
        summary="Summary.",
        scope_in=("in",),
        scope_out=("out",),
        type="cluster",
        anchors=(anchor,),
        sources=(of,),
        updated_at=BEGIN,
    )
    items = tuple(
        BundleItem(
            message_id=ref.rsplit(":", 1)[1],
            source_ref=ref,
            role="anchor",
            score=0.9,
            channel_id=of,
            message_type="post",
        )
        for ref in refs
    )
    return card, TopicBundle(topic_id=card.id, items=items, updated_at=BEGIN)


def kinds(documents: int, cursor: str) -> dict[str, Sequence[str]]:
    """The paths of each kind of list; asked for in turn, they are not always the same pages."""
    minutes = documents // CHANNELS
    days = [BEGIN + timedelta(minutes=minutes * share / 10) for share in range(1, 9)]
    spans = [f"{LIST}&date_from={day:%Y-%m-%d}&date_to={day + timedelta(days=1):%Y-%m-%d}" for day in days]
    sources = [f"{LIST}&source=source_{number}" for number in range(CHANNELS)]
    return {
        "all": [LIST],
        "all, next page": [f"{LIST}&cursor={quote(cursor)}"],
        "a source": sources,
        "a topic": [f"{LIST}&topic={quote(topic_id(f'tg:{channel(25)}:post:1'))}"],
        "a day": spans,
        "a source, a day": [f"{span}&source=source_{number}" for number, span in enumerate(spans)],
        "language and tone": [f"{LIST}&language=en&sentiment=negative"],
        "a language nobody writes": [f"{LIST}&language=xx"],
        "a word of many": [f"{LIST}&contains=release"],
        "a word of none": [f"{LIST}&contains=nowhere"],
        "a source, a word of none": [f"{path}&contains=nowhere" for path in sources],
    }


async def measured(port: int, pid: int, key: str, options: Any) -> dict[str, tuple[list[float], float]]:
    """For each kind the times of its requests, and the milliseconds of a processor that one took of the API."""
    first = orjson.loads((await ask(port, LIST, key))[1])
    found = {}
    for name, paths in kinds(options.messages, first["next_cursor"]).items():
        await paced(port, key, paths, options.rate, 1)
        before = worked(pid)
        taken = await paced(port, key, paths, options.rate, options.seconds)
        found[name] = taken, (worked(pid) - before) / len(taken) * 1000
    return found


def report(backend: str, options: Any, found: dict[str, tuple[list[float], float]]) -> None:
    print(f"\n{backend}, {options.messages:,} documents, {options.rate:g} requests a second; {load()}")
    print(f"{'milliseconds':<28}{'p50':>9}{'p95':>9}{'p99':>9}{'most':>9}{'processor':>12}")
    for name, (taken, processor) in found.items():
        cuts = statistics.quantiles(taken, n=100)
        told = "" if cuts[98] < AIM else f"   over {AIM:g} ms"
        print(f"{name:<28}{cuts[49]:>9.1f}{cuts[94]:>9.1f}{cuts[98]:>9.1f}{max(taken):>9.1f}{processor:>12.1f}{told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    options = parser.parse_args()
    for backend in options.backend or BACKENDS:
        with variables_of(backend) as variables:
            began = time.perf_counter()
            key = asyncio.run(_filled(variables, options.messages))
            print(f"{backend}: filled in {time.perf_counter() - began:.0f} s")
            with api_of({**variables, "API_KEY_REQUIRED": "true"}) as (port, pid):
                report(backend, options, asyncio.run(measured(port, pid, key, options)))


async def _filled(variables: dict[str, str], documents: int) -> str:
    async with application(variables) as app:
        return await fill(app, documents)


if __name__ == "__main__":
    main()
