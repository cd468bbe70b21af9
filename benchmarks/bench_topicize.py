"""Topics of a long channel, and of a thousand posts more: time of the clock and of the processor, peak memory.

python benchmarks/bench_topicize.py [--sizes 10000 100000] [--grouping 1000000] [--workers 2]

The posts are real ones retold as events of one to a dozen reports (generated_posts.py), stored in SQLite with their
embeddings. Names are found in as many processes as there are cores, or `--workers`; the time of the processor counts
theirs too, the memory does not. `--grouping` sizes are grouped without names and database, from generated embeddings
and words.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import shared_posts
from generated_posts import CHANNEL, POSTS_A_DAY, START, generated

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.embeddings import SentenceEncoder, text_hash
from tg_parser.processing.worker_pool import WorkerPool, all_cores
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.grouping.found_topics import find_groups
from tg_parser.topics.grouping.similarity import message_items
from tg_parser.topics.grouping.texts import Corpus
from tg_parser.topics.model import TopicDocument, TopicOptions
from tg_parser.topics.topicizer import Topicizer, TopicizeReport
from tg_parser.topics.word_workers import WordWorkers

CHANNELS = ("habr", "moskvach", "naked_science")
POSTS_OF_EACH = 400
ADDED = 1000
BATCH = 2000
Vectors = np.ndarray


class Known:
    """An embedder all of whose texts are stored already."""

    def __init__(self, dimensions: int) -> None:
        self.model_id, self.dimensions = "generated", dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(f"{len(texts)} embeddings are not stored")


def real_posts() -> tuple[list[TopicDocument], Vectors]:
    posts = [
        post for name in CHANNELS for post in [one for one in shared_posts.channel(name) if one.text][:POSTS_OF_EACH]
    ]
    posts = shared_posts.with_key_phrases(posts)
    return posts, SentenceEncoder().embed([post.text for post in posts])


async def stored_run(documents: Sequence[TopicDocument], vectors: Vectors, workers: int) -> None:
    first = len(documents) - ADDED
    with TemporaryDirectory() as folder:
        paths = {
            "ingestion_state_path": Path(folder) / "i.sqlite",
            "raw_storage_path": Path(folder) / "r.sqlite",
            "processing_storage_path": Path(folder) / "p.sqlite",
        }
        async with open_databases(
            Settings(database=DatabaseSettings(_env_file=None, type="sqlite", **paths))
        ) as databases:
            store, topics = ProcessingStorage(databases.processing), TopicStorage(databases.processing)

            async def run() -> TopicizeReport:
                pool = WorkerPool(workers)
                words = WordWorkers(pool.expect, pool.run)
                topicizer = Topicizer(store, topics, Known(vectors.shape[1]), workers=words)
                try:
                    return await topicizer.run([CHANNEL], TopicOptions())
                finally:
                    await pool.close()

            await _store(store, documents[:first], vectors[:first])
            whole, _ = await _timed(run)
            await _store(store, documents[first:], vectors[first:])
            more, done = await _timed(run)
            nothing, _ = await _timed(run)
    found = done.found
    row = (f"{first:,}", *whole, *more, nothing[0], f"{_peak():.0f}", f"{found.topics:,}")
    print("".join(f"{value:>12}" for value in (*row, f"{found.in_a_topic / found.documents:.0%}")), flush=True)


def grouped(size: int) -> None:
    """Groups only: embeddings and words are drawn for events of one to four reports."""
    random = np.random.default_rng(7)
    events = np.repeat(np.arange(size), random.choice([1, 2, 4], size=size, p=[0.7, 0.2, 0.1]))[:size]
    centres = np.random.default_rng(8).normal(0, 1, (int(events[-1]) + 1, 64)).astype(np.float32)
    vectors = centres[events] + random.normal(0, 0.4, (size, 64)).astype(np.float32)
    own = np.random.default_rng(9).integers(50_000, size=(int(events[-1]) + 1, 12))
    stems = [tuple(f"s{stem}" for stem in own[event]) for event in events]
    days = np.arange(size) / POSTS_A_DAY
    documents = [_empty(number, float(day)) for number, day in enumerate(days, 1)]
    corpus = Corpus(documents, ["ru"] * size, stems, (), _frequency(stems), {}, size)
    started = time.perf_counter(), time.process_time()
    items = message_items(vectors, stems)
    found = find_groups(items, corpus, [], TopicOptions(singleton_min_chars=10**9))
    seconds, processor = time.perf_counter() - started[0], time.process_time() - started[1]
    row = (f"{size:,}", f"{seconds:.0f}", f"{processor:.0f}", f"{processor / size * 1e6:.0f}", f"{_peak():.0f}")
    print("".join(f"{value:>12}" for value in (*row, f"{len(found.groups):,}")), flush=True)


def _frequency(stems: Sequence[tuple[str, ...]]) -> Counter[str]:
    return Counter(stem for row in stems for stem in set(row))


def _empty(number: int, day: float) -> TopicDocument:
    ref = f"tg:{CHANNEL}:post:{number}"
    return TopicDocument(ref, CHANNEL, str(number), "post", START + timedelta(days=day), "")


async def _store(store: ProcessingStorage, documents: Sequence[TopicDocument], vectors: Vectors) -> None:
    for start in range(0, len(documents), BATCH):
        some = zip(documents[start : start + BATCH], vectors[start : start + BATCH], strict=True)
        await store.store([_stored(document, vector) for document, vector in some])


def _stored(one: TopicDocument, vector: Vectors) -> StoredDocument:
    made = ProcessedDocument(
        id=f"doc:{one.source_ref}",
        source_ref=one.source_ref,
        source_message_id=one.message_id,
        channel_id=one.channel_id,
        processed_at=START,
        text_clean=one.text,
        topics=one.key_phrases,
        language=one.language,
        metadata={"provider": "local"},
    )
    kept = TextVector(text_hash(one.text), "generated", len(vector), vector.astype("<f4").tobytes())
    return StoredDocument(made, 0, one.date, "post", one.message_id, None, kept)


async def _timed(run: Callable[[], Awaitable[TopicizeReport]]) -> tuple[tuple[str, str], TopicizeReport]:
    started = time.perf_counter(), _processor()
    done = await run()
    took = time.perf_counter() - started[0], _processor() - started[1]
    return (f"{took[0]:.1f}", f"{took[1]:.1f}"), done


def _processor() -> float:
    """Seconds of this process and of its workers that have ended."""
    own = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in own)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measure(posts: Sequence[TopicDocument], vectors: Vectors, size: int, workers: int) -> None:
    asyncio.run(stored_run(*generated(posts, vectors, size + ADDED), workers))


def _apart(work: Callable[..., None], *args: object) -> None:
    """In a process of its own, so that the peak is of this size alone."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=args)
    process.start()
    process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--grouping", type=int, nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=all_cores())
    options = parser.parse_args()
    if options.sizes:
        shared_posts.need_data()
        posts, vectors = real_posts()
        names = (
            "documents",
            "all, s",
            "CPU, s",
            f"+{ADDED:,}, s",
            "CPU, s",
            "nothing, s",
            "peak, MB",
            "topics",
            "in topics",
        )
        print("".join(f"{name:>12}" for name in names))
        for size in options.sizes:
            _apart(_measure, posts, vectors, size, options.workers)
    if options.grouping:
        print("".join(f"{name:>12}" for name in ("grouped", "seconds", "CPU, s", "µs each", "peak, MB", "groups")))
        for size in options.grouping:
            _apart(grouped, size)


if __name__ == "__main__":
    main()
