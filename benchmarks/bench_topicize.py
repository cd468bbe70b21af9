"""Topics of many documents, and a thousand more: time and peak memory of the pure part, and the speed of the encoder.

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
from tg_parser.topics.model import KnownTopic, TopicDocument, TopicOptions

CHANNELS = ("habr", "moskvach", "naked_science")
START = datetime(2024, 1, 1, tzinfo=UTC)
ADDED = 1000
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


def measure(documents: Sequence[TopicDocument], vectors: Vectors) -> None:
    before = _peak()
    first = len(documents) - ADDED
    started = time.perf_counter()
    found = find_topics(prepare(documents[:first], vectors[:first], TopicOptions()), [], START)
    seconds = time.perf_counter() - started
    known = [KnownTopic(card, bundle) for card, bundle in found.topics]
    more = [*(replace(one, is_new=False) for one in documents[:first]), *documents[first:]]
    started = time.perf_counter()
    grown = find_topics(prepare(more, vectors, TopicOptions()), known, START)
    adding, report = time.perf_counter() - started, grown.report
    row = (
        f"{first:,}",
        f"{seconds:.1f}",
        f"{seconds / first * 1e6:.0f}",
        f"{adding:.1f}",
        f"{before:.0f}",
        f"{_peak():.0f}",
    )
    in_a_topic = f"{report.in_a_topic / report.documents:.0%}"
    print("".join(f"{value:>13}" for value in (*row, f"{report.topics:,}", in_a_topic)))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 50_000])
    options = parser.parse_args()
    shared_posts.need_data()
    posts, vectors, speed = real_posts()
    print(f"encoder: {speed:.0f} texts/s, one text at a time on one thread")
    header = ("documents", "seconds", "µs each", f"adding {ADDED:,}", "input, MB", "peak, MB", "topics", "in a topic")
    print("".join(f"{name:>13}" for name in header))
    for size in options.sizes:
        documents, mixed = crossed(posts, vectors, size + ADDED)
        process = multiprocessing.Process(target=measure, args=(documents, mixed))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
