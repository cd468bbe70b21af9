"""Topics of many documents: time and peak memory of the pure part, and the speed of the encoder.

python benchmarks/bench_topicize.py [--sizes 10000 50000]

The documents are real posts crossed with each other: a post loses some words and gains a sentence of another.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import shared_posts

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.discovery import find_topics
from tg_parser.topics.grouping.groups import prepare
from tg_parser.topics.model import TopicDocument, TopicOptions

CHANNELS = ("habr", "moskvach", "naked_science")
START = datetime(2024, 1, 1, tzinfo=UTC)
Vectors = np.ndarray


def real_posts() -> tuple[list[TopicDocument], Vectors, float]:
    posts = [post for name in CHANNELS for post in shared_posts.channel(name) if post.text]
    posts += [post for post in shared_posts.dump("regional_news_uk_ru") if post.text]
    encoder = SentenceEncoder()
    encoder.embed(["warm"])
    started = time.perf_counter()
    vectors = encoder.embed([post.text for post in posts])
    return shared_posts.with_key_phrases(posts), vectors, len(posts) / (time.perf_counter() - started)


def crossed(posts: Sequence[TopicDocument], vectors: Vectors, size: int) -> tuple[list[TopicDocument], Vectors]:
    random = np.random.default_rng(7)
    base, other = random.integers(len(posts), size=(2, size))
    documents = [
        _cross(random, posts[one], posts[two], number)
        for number, (one, two) in enumerate(zip(base, other, strict=True))
    ]
    mixed = vectors[base] * 0.8 + vectors[other] * 0.35 + random.normal(0, 0.012, (size, vectors.shape[1]))
    return documents, mixed.astype(np.float32)


def _cross(random: np.random.Generator, one: TopicDocument, two: TopicDocument, number: int) -> TopicDocument:
    words = one.text.split(" ")
    kept = [word for word, stays in zip(words, random.random(len(words)) > 0.25, strict=True) if stays]
    text = f"{' '.join(kept)} {two.text.split('. ')[0]}"
    date = START + timedelta(minutes=10 * number)
    return replace(
        one, source_ref=f"tg:-1001:post:{number}", channel_id="-1001", message_id=str(number), date=date, text=text
    )


def measure(documents: Sequence[TopicDocument], vectors: Vectors, level: str) -> None:
    before = _peak()
    started = time.perf_counter()
    found = find_topics(prepare(documents, vectors, TopicOptions(level=level)), [], START)
    seconds = time.perf_counter() - started
    report = found.report
    each = seconds / len(documents) * 1e6
    row = (f"{len(documents):,}", level, f"{seconds:.1f}", f"{each:.0f}", f"{before:.0f}", f"{_peak():.0f}")
    covered = f"{report.covered / report.documents:.0%}"
    print("".join(f"{value:>11}" for value in (*row, f"{report.clusters:,}", covered)))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 50_000])
    parser.add_argument("--levels", nargs="+", default=["theme", "event"])
    options = parser.parse_args()
    shared_posts.need_data()
    posts, vectors, speed = real_posts()
    print(f"encoder: {speed:.0f} texts/s, one text at a time on one thread")
    header = ("documents", "level", "seconds", "µs each", "input, MB", "peak, MB", "clusters", "covered")
    print("".join(f"{name:>11}" for name in header))
    for size in options.sizes:
        documents, mixed = crossed(posts, vectors, size)
        for level in options.levels:
            process = multiprocessing.Process(target=measure, args=(documents, mixed, level))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
