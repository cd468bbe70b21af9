"""A long channel for benchmarks: real posts retold as events of several reports, some of them in stories over days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from tg_parser.topics.model import TopicDocument

CHANNEL = "-1001234567890"
START = datetime(2024, 1, 1, tzinfo=UTC)
POSTS_A_DAY = 144
_ALONE, _IN_A_STORY = 0.6, 0.3
"""The share of happenings that one post tells, and of those that belong to a story."""
_STORY_ENDS, _LEFT_OUT = 0.2, 0.2
_OPEN_STORIES = 12
_MOST_REPORTS = 12
Vectors = np.ndarray


def generated(
    posts: Sequence[TopicDocument], vectors: Vectors, size: int, seed: int = 7
) -> tuple[list[TopicDocument], Vectors]:
    """`size` posts in order of time, and their embeddings; about 144 a day."""
    random = np.random.default_rng(seed)
    stories = list(random.integers(len(posts), size=_OPEN_STORIES))
    told: list[tuple[float, TopicDocument, Vectors]] = []
    while len(told) < size:
        begins = len(told) / POSTS_A_DAY
        reports = 1 if random.random() < _ALONE else 2 + min(int(random.geometric(0.5)), _MOST_REPORTS - 2)
        parts = [int(one) for one in random.integers(len(posts), size=4)]
        if random.random() < _IN_A_STORY:
            place = int(random.integers(_OPEN_STORIES))
            parts[0] = int(stories[place])
            if random.random() < _STORY_ENDS:
                stories[place] = random.integers(len(posts))
        happening = _happening(random, [posts[part] for part in parts])
        meaning = 0.6 * vectors[parts[0]] + 0.35 * vectors[parts[1:]].sum(axis=0)
        meaning = meaning + random.normal(0, 0.025, vectors.shape[1])
        for _ in range(reports):
            when = begins + float(random.exponential(0.3))
            text = " ".join(word for word in happening.split(" ") if random.random() > _LEFT_OUT)
            told.append((when, replace(posts[parts[0]], text=text), meaning + random.normal(0, 0.012, len(meaning))))
    told = sorted(told[:size], key=lambda one: one[0])
    documents = [_numbered(document, number, day) for number, (day, document, _) in enumerate(told, 1)]
    return documents, np.array([vector for _, _, vector in told], dtype=np.float32)


def _happening(random: np.random.Generator, parts: Sequence[TopicDocument]) -> str:
    """Half the words of one post, and the first sentences of others."""
    words = parts[0].text.split(" ")
    kept = [word for word, stays in zip(words, random.random(len(words)) > 0.5, strict=True) if stays]
    return (
        f"{parts[1].text.split('. ')[0]}. {' '.join(kept)}. {'. '.join(one.text.split('. ')[0] for one in parts[2:])}."
    )


def _numbered(document: TopicDocument, number: int, day: float) -> TopicDocument:
    return replace(
        document,
        source_ref=f"tg:{CHANNEL}:post:{number}",
        channel_id=CHANNEL,
        message_id=str(number),
        date=START + timedelta(days=day),
    )
