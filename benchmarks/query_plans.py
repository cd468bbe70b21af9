"""How the database finds what the product asks for: every statement of the daily path with its plan.

python benchmarks/query_plans.py [--messages 1000000] [--channels 50] [--backend postgresql|sqlite]

The statements are not written down here: they are recorded while the product works, then explained as they were sent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from stored_channel import BEGIN, document, message

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.domain.pages import PageRequest, Position, position_cursor
from tg_parser.domain.refs import topic_id
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.spending import Account, PaidAnswer, Spending
from tg_parser.domain.topics import Anchor, BundleItem, TopicBundle, TopicCard
from tg_parser.export.exporter import ExportRequest
from tg_parser.processing.processor import ProcessOptions
from tg_parser.services.reading.topics import TopicFilter
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import Failure, ProcessingStorage
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.message_reading import MessageFilter
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sentiment import ToneFilter
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.storage.stores.waiting_texts import WaitingTextStorage
from tg_parser.wiring.app import App, open_app
from tg_parser.wiring.context import RunContext

BATCH = 5000
EDITED, FAILED, TOPIC_SIZE = 10, 20, 10
"""Of the messages every tenth was edited, every twentieth has failed, every tenth belongs to a topic of ten."""
LARGE = ("raw_messages", "raw_revisions", "processed_documents", "topic_items", "embeddings", "llm_answers")
"""The tables that grow with the messages. The failure ledger is short where it is looked after."""
_SCAN = re.compile(r"\bScan\b|^SEARCH|^SCAN")
_INDEX_SCAN = re.compile(r"(Parallel )?(Bitmap Heap|(Bitmap )?Index( Only)?) Scan")
_WHOLE_INDEX = "the whole index"
_EXPLAINED = ("SELECT", "WITH", "UPDATE", "DELETE")


@dataclass
class Recorder:
    """The statements that one step of the daily path sends, each once, with the parameters of its first time."""

    statements: dict[str, tuple[str, Any]] = field(default_factory=dict)
    step: str = ""

    def note(self, _conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool) -> None:
        if statement.lstrip().upper().startswith(_EXPLAINED) and any(table in statement for table in LARGE):
            first = parameters[0] if executemany and parameters else parameters
            self.statements.setdefault(statement, (self.step, first))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what every engine of this process sends."""
        event.listen(Engine, "before_cursor_execute", self.note)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self.note)


@dataclass(frozen=True)
class Plan:
    """What a statement of a step does with the large tables; `scans` names those it reads from end to end."""

    step: str
    statement: str
    nodes: tuple[str, ...]
    scans: tuple[str, ...]


async def fill(databases: Databases, messages: int, channels: int) -> str:
    """Store `messages` processed messages over `channels` channels; the id of a channel in the middle."""
    raw, processed = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    topics, book = TopicStorage(databases.processing), SpendingStorage(databases.processing)
    per_channel = messages // channels
    for number in range(channels):
        channel = f"-1001{number:09d}"
        for first in range(1, per_channel + 1, BATCH):
            numbers = range(first, min(first + BATCH, per_channel + 1))
            posts = [_of_channel(message(each), channel) for each in numbers]
            await raw.store(posts, BEGIN)
            await raw.store([_edited(each) for each in posts[::EDITED]], BEGIN)
            await processed.store([_document_of(each, channel) for each in numbers])
            await processed.record_failures([_failure(each, channel) for each in numbers[::FAILED]])
            await topics.put_embeddings("model", 4, {f"{channel}:{each}": bytes(16) for each in numbers[::EDITED]})
            await book.book(*_paid([f"{channel}:{each}" for each in numbers[::EDITED]], channel))
        pairs = [_topic_of(first, channel) for first in range(1, per_channel - TOPIC_SIZE, TOPIC_SIZE * 10)]
        await topics.replace([channel], pairs, [], TopicRun("filled", BEGIN, {}))
    await _analyze(databases)
    return f"-1001{channels // 2:09d}"


def _of_channel(made: Any, channel: str) -> Any:
    return made.model_copy(update={"channel_id": channel, "source_ref": f"tg:{channel}:post:{made.id}"})


def _document_of(number: int, channel: str) -> Any:
    stored = document(number)
    ref = f"tg:{channel}:post:{number}"
    named = {"id": f"doc:{ref}", "source_ref": ref, "channel_id": channel}
    return type(stored)(
        stored.document.model_copy(update=named), 0, stored.message_date, "post", stored.thread_id, None
    )


def _edited(post: Any) -> Any:
    return post.model_copy(update={"text": f"{post.text} Corrected."})


def _failure(number: int, channel: str) -> Failure:
    return Failure(f"tg:{channel}:post:{number}", channel, 0, "AnalysisError", "no answer", BEGIN)


def _paid(keys: list[str], channel: str) -> tuple[dict[Account, Spending], list[PaidAnswer]]:
    account = Account(f"{BEGIN:%Y-%m-%d}", "run", "processing", channel, "openai", "model")
    answers = [PaidAnswer(key, channel, "openai", "model", {"text": "{}"}, 1, 1, 1, BEGIN) for key in keys]
    return {account: Spending(calls=len(keys))}, answers


def _topic_of(first: int, channel: str) -> tuple[TopicCard, TopicBundle]:
    refs = [f"tg:{channel}:post:{number}" for number in range(first, first + TOPIC_SIZE)]
    of_channel = {"channel_id": channel, "message_type": "post"}
    anchor = Anchor(message_id=str(first), anchor_ref=refs[0], score=0.9, **of_channel)
    card = TopicCard(
        id=topic_id(refs[0]),
        title="Topic",
        summary="Summary.",
        scope_in=("in",),
        scope_out=("out",),
        type="cluster",
        anchors=(anchor,),
        sources=(channel,),
        updated_at=BEGIN,
    )
    items = tuple(
        BundleItem(message_id=ref.rsplit(":", 1)[1], source_ref=ref, role="anchor", score=0.9, **of_channel)
        for ref in refs
    )
    return card, TopicBundle(topic_id=card.id, items=items, updated_at=BEGIN)


async def _analyze(databases: Databases) -> None:
    for database in databases.all:
        async with database.engine.connect() as conn:
            # On SQLite the raw file is also attached to the processing one, read-only.
            await conn.exec_driver_sql("ANALYZE" if conn.dialect.name == "postgresql" else "ANALYZE main")
            await conn.commit()


async def daily_path(app: App, databases: Databases, channel: str, recorder: Recorder, out: Path) -> None:
    """What a day asks for, on one channel among many."""
    raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    sources, comments = IngestionStorage(databases.ingestion), CommentStorage(databases.ingestion)
    recorder.step = "collect"
    await sources.save_source(SourceChange(source_id="daily", channel_id=channel, include_comments=True), BEGIN)
    held = (await raw.summary(channel)).total
    news = [_of_channel(message(number), channel) for number in range(held - 50, held + 50)]
    edited = _of_channel(message(held), channel).model_copy(update={"text": "Another text", "views": 5})
    await raw.store([*news, edited], BEGIN)
    await raw.mark_deleted([f"tg:{channel}:post:{held - 5}"], BEGIN)
    await comments.note_counts("daily", {held: 3}, BEGIN)
    await comments.changed("daily", 100)
    recorder.step = "recheck"
    posts = await raw.posts_to_recheck(channel, newest=100)
    await raw.posts_to_recheck(channel, since=BEGIN + timedelta(minutes=held - 100))
    await raw.comments_to_recheck(channel, posts)
    recorder.step = "process"
    async with app.new_run(RunContext()) as run:
        await run.documents.process([channel], ProcessOptions())
    await app.status.failures(channel)
    recorder.step = "money"
    await WaitingTextStorage(databases.processing).sizes(channel, short_chars=500, max_chars=24_000)
    await AnswerStorage(databases.processing).find([f"{channel}:{number}" for number in range(100)])
    recorder.step = "topicise"
    topics = TopicStorage(databases.processing)
    await documents.content_fingerprint([channel])
    await topics.known([channel])
    await topics.topics_of([f"tg:{channel}:post:{number}" for number in posts])
    await topics.embeddings([f"{number:064x}" for number in range(100)], "model")
    recorder.step = "export"
    await app.exporter.export(ExportRequest(out, [channel]))
    await app.exporter.export(ExportRequest(out, [channel], date_from=BEGIN, date_to=BEGIN + timedelta(hours=1)))
    recorder.step = "status"
    await app.status.of(await app.sources.get("daily"))
    recorder.step = "sentiment"
    for of, by in product(("comments", "all"), ("thread", "topic", "day")):
        await app.sentiment.report(ToneFilter(channel, of), by, limit=50)
    recorder.step = "read"
    await _read_pages(app, channel)


async def _read_pages(app: App, channel: str) -> None:
    """Lists behind a first page, of a channel, a thread, a topic and all there is; looking for what is rare."""
    reading, half = app.reading, PageRequest(50)
    topic = (await reading.topics.page(TopicFilter((channel,)), half, "id")).items[0]
    for wanted in (
        DocumentFilter(),
        DocumentFilter((channel,)),
        DocumentFilter((channel, "nobody"), date_from=BEGIN, language="xx", sentiment="positive", noise=False),
        DocumentFilter((channel,), contains="nowhere"),
        DocumentFilter(topic_id=topic.id),
    ):
        for order in ("newest", "oldest"):
            cursor = position_cursor(Position(BEGIN + timedelta(minutes=10), "tg:"), "documents", wanted, order)
            await reading.documents.page(wanted, PageRequest(50, cursor), order)
    for messages in (
        MessageFilter(),
        MessageFilter((channel,)),
        MessageFilter((channel,), type="comment"),
        MessageFilter((channel,), thread_id="7"),
    ):
        cursor = position_cursor(Position(BEGIN + timedelta(minutes=10), "tg:"), "messages", messages, "newest")
        await reading.messages.page(messages, PageRequest(50, cursor), "newest")
    await reading.restricted_to([channel]).topics.one(topic.id)


async def plans(databases: Databases, recorder: Recorder, *, avoiding_scans: bool = False) -> list[Plan]:
    """Each recorded statement, explained; `avoiding_scans` names a scan only where no index could serve.

    The planner reads a small table from end to end because that is cheaper, however good its indexes are.
    """
    return [
        Plan(step, statement, *await _explained(databases.processing, statement, parameters, avoiding_scans))
        for statement, (step, parameters) in recorder.statements.items()
    ]


async def _explained(
    database: Database, statement: str, parameters: Any, avoiding_scans: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    on_postgres = database.engine.dialect.name == "postgresql"
    word = "EXPLAIN" if on_postgres else "EXPLAIN QUERY PLAN"
    async with database.engine.connect() as conn:
        if on_postgres and avoiding_scans:
            for way in ("seqscan", "hashjoin", "mergejoin"):  # the ways to read a small table whole
                await conn.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        rows = (await conn.exec_driver_sql(f"{word} {statement}", parameters)).all()
        await conn.rollback()
    lines = [str(row[-1] if word.endswith("PLAN") else row[0]) for row in rows]
    nodes = [_node(line, after) for line, after in zip_longest(lines, lines[1:], fillvalue="")]
    found = tuple(dict.fromkeys(node for node in nodes if node and any(table in node for table in LARGE)))
    scans = tuple(node for node in found if _SCAN.search(node))
    return scans, tuple(node for node in scans if _reads_all(node))


def _node(line: str, after: str) -> str:
    """A line of a plan without costs and indentation; PostgreSQL tells what of an index is read in the line after."""
    node = re.sub(r"\s*\(cost=.*", "", line).strip().removeprefix("->").strip()
    whole = _INDEX_SCAN.match(node) and not after.strip().startswith(("Index Cond:", "Recheck Cond:"))
    return f"{node}, {_WHOLE_INDEX}" if whole else node


def _reads_all(node: str) -> bool:
    """PostgreSQL says Seq Scan; SQLite says SCAN, with the index where it reads one from end to end."""
    return "Seq Scan" in node or node.startswith("SCAN ") or node.endswith(_WHOLE_INDEX)


async def recorded_plans(
    settings: Settings, messages: int, channels: int, out: Path, *, avoiding_scans: bool = False
) -> list[Plan]:
    """Fill fresh databases, live a day, explain what it asked."""
    async with open_databases(settings) as databases:
        channel = await fill(databases, messages, channels)
        recorder = Recorder()
        async with open_app(settings) as app:
            with recorder.listening():
                await daily_path(app, databases, channel, recorder, out)
        return await plans(databases, recorder, avoiding_scans=avoiding_scans)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=50)
    parser.add_argument("--backend", choices=("postgresql", "sqlite"), default="postgresql")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _settings(options.backend, Path(folder)) as settings:
        found = asyncio.run(recorded_plans(settings, options.messages, options.channels, Path(folder) / "out"))
    print(f"{options.messages:,} messages and documents, {options.channels} channels, {options.backend}\n")
    print("| step | statement | plan |\n|---|---|---|")
    for plan in found:
        print(f"| {plan.step} | `{_short(plan.statement)}` | {'; '.join(plan.nodes) or 'no large table'} |")
    print(f"\nread from end to end: {sorted({scan for plan in found for scan in plan.scans}) or 'none'}")


def _short(statement: str) -> str:
    flat = " ".join(statement.split()).replace("|", "¦")
    flat = re.sub(r"^SELECT .*? \(?FROM", "SELECT … FROM", flat)
    return flat if len(flat) <= 200 else f"{flat[:199]}…"


@contextmanager
def _settings(backend: str, folder: Path) -> Iterator[Settings]:
    if backend == "sqlite":
        names = ("INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH")
        paths = {name: str(folder / f"{name.lower()}.sqlite") for name in names}
        yield Settings(database=DatabaseSettings(_env_file=None, DB_TYPE="sqlite", **paths))
        return
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from postgres_server import PostgresServer  # noqa: PLC0415 - the tests' own server, found by the line above

    server = None if "TEST_DATABASE_URL" in os.environ else PostgresServer()
    try:
        if server is not None:
            server.start()
        url = os.environ.get("TEST_DATABASE_URL") or (server.url if server else "")
        yield Settings(database=DatabaseSettings(_env_file=None, DB_TYPE="postgresql", DB_URL=url))
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    main()
