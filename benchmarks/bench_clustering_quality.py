"""How well clusters agree with people, with the built-in widths and with the best ones for each set of posts.

python benchmarks/bench_clustering_quality.py

B-cubed F1 of the gold events and stories, alone and among the posts of other channels (where the measured posts are
still the gold ones), in halves, and the similarity of article pairs that people called the same thread or not.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import shared_posts
from shared_posts import Gold

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.discovery import find_topics
from tg_parser.topics.grouping.clustering import WIDTHS, Labels, cluster
from tg_parser.topics.grouping.groups import prepare
from tg_parser.topics.grouping.similarity import Items, above_chance, message_items
from tg_parser.topics.grouping.texts import corpus_of
from tg_parser.topics.model import TopicDocument, TopicOptions

GOLD_DAY = "2024-11-27"
STEPS = np.arange(0.1, 0.5, 0.01)
ENCODER = SentenceEncoder()


def items_of(documents: Sequence[TopicDocument]) -> Items:
    return message_items(ENCODER.embed([one.text for one in documents]), corpus_of(documents).stems)


def b_cubed(found: Sequence[object], wanted: Sequence[object]) -> float:
    """The harmonic mean of B-cubed precision and recall."""
    clusters, classes = defaultdict(set), defaultdict(set)
    for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
        clusters[one].add(place)
        classes[other].add(place)
    precision = recall = 0.0
    for one, other in zip(found, wanted, strict=True):
        both = len(clusters[one] & classes[other])
        precision += both / len(clusters[one]) / len(found)
        recall += both / len(classes[other]) / len(found)
    return 2 * precision * recall / (precision + recall)


def gold_sets(gold: list[Gold]) -> Iterator[tuple[str, list[Gold], list[TopicDocument]]]:
    """Name, gold posts, other posts among which they are clustered."""
    yield "gold alone", gold, []
    for name, posts in backgrounds():
        others = [post for post in posts if post.text and f"{post.date:%Y-%m-%d}" != GOLD_DAY]
        yield f"gold among {name}", gold, random.Random(1).sample(others, min(400, len(others)))
    by_time = sorted(gold, key=lambda one: one.document.date)
    yield "first half of the day", by_time[: len(gold) // 2], []
    yield "second half of the day", by_time[len(gold) // 2 :], []
    for seed in (1, 2, 3):
        yield f"random half {seed}", random.Random(seed).sample(gold, len(gold) // 2), []


def backgrounds() -> Iterator[tuple[str, list[TopicDocument]]]:
    for name in ("habr", "naked_science", "moskvach"):
        yield name, shared_posts.channel(name)
    for name in ("regional_news_uk_ru", "ria_2024_04_ru", "spb_events_ru", "crypto_templated_en"):
        yield name, shared_posts.dump(name)


def measure_gold(name: str, gold: list[Gold], others: list[TopicDocument]) -> tuple[float, float]:
    items = items_of([*(one.document for one in gold), *others])
    events, stories = [one.event for one in gold], [one.story for one in gold]

    def clustered(cut: float) -> Labels:
        return cluster(items, cut)[: len(gold)]

    event = b_cubed(clustered(WIDTHS["event"].cut), events)
    story = b_cubed(clustered(WIDTHS["story"].cut), stories)
    best_event = max((b_cubed(clustered(cut), events), round(float(cut), 2)) for cut in STEPS)
    best_story = max((b_cubed(clustered(cut), stories), round(float(cut), 2)) for cut in STEPS)
    at_event = b_cubed(clustered(WIDTHS["event"].cut), stories)
    print(
        f"{name:<32}{len(items):>6}{event:>9.3f}{story:>9.3f}{at_event:>12.3f}"
        f"{best_event[0]:>10.3f} at {best_event[1]:.2f}{best_story[0]:>9.3f} at {best_story[1]:.2f}"
    )
    return best_event[0] - event, best_story[0] - story


def measure_pairs(language: str) -> None:
    pairs = shared_posts.pairs(language)
    documents = [one for first, second, _ in pairs for one in (first, second)]
    background = [post for post in shared_posts.channel("naked_science") if post.text][:200] if language == "ru" else []
    items = items_of([*documents, *background])
    for verdict in (True, False):
        rows = [place for place, (_, _, same) in enumerate(pairs) if same is verdict]
        alike = [_pair(items, 2 * row) for row in rows]
        shares = [f"{level} {sum(one >= WIDTHS[level].cut for one in alike) / len(alike):.0%}" for level in WIDTHS]
        label = "same thread" if verdict else "different threads"
        print(
            f"{language} {label:<20}{len(alike):>4} pairs, median {np.median(alike):.2f}; joined as {', '.join(shares)}"
        )


def _pair(items: Items, row: int) -> float:
    two = items.take(np.array([row, row + 1]))
    return float(above_chance(two.products(two)[:1, 1], np.ones(1), np.array([two.chance.mean()]))[0])


def measure_channel(name: str, posts: list[TopicDocument]) -> None:
    """What the built-in widths make of a whole channel; there are no labels here, only sense and nonsense."""
    posts = [post for post in posts if post.text]
    vectors = ENCODER.embed([post.text for post in posts])
    found = find_topics(prepare(posts, vectors, TopicOptions()), [], posts[0].date)
    events = Counter(cluster(items_of(posts), WIDTHS["event"].cut).tolist())
    groups = [size for size in events.values() if size > 1]
    sizes = sorted((len(bundle.items) for _, bundle in found.topics), reverse=True)
    report = found.report
    print(
        f"{name:<22}{len(posts):>6}{report.clusters:>9}{report.singletons:>11}{report.covered / len(posts):>9.0%}"
        f"{sizes[0]:>9}{np.median(sizes):>8.0f}{len(groups):>9}{sum(groups) / len(posts):>10.0%}{max(groups):>9}"
    )


def main() -> None:
    shared_posts.need_data()
    print(
        f"{'':<32}{'posts':>6}{'event':>9}{'story':>9}{'story@event':>12}{'best event cut':>18}{'best story cut':>17}"
    )
    losses = [measure_gold(*one) for one in gold_sets(shared_posts.gold())]
    event, story = np.mean(losses, axis=0)
    print(f"built-in widths lose {event:.3f} (events) and {story:.3f} (stories) against the best of each set\n")
    measure_pairs("ru")
    measure_pairs("en")
    names = ("topics", "singletons", "covered", "biggest", "median", "events", "in events", "biggest")
    print(
        f"\n{'':<22}{'posts':>6}"
        + "".join(f"{name:>{width}}" for name, width in zip(names, (9, 11, 9, 9, 8, 9, 10, 9), strict=True))
    )
    for name, posts in backgrounds():
        measure_channel(name, posts)


if __name__ == "__main__":
    main()
