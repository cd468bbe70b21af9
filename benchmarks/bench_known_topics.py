"""How well wanted topics find their messages: precision, recall and F1 against labels, offline and with a judge.

python benchmarks/bench_known_topics.py

The wanted topics stand in known_topics.yaml. Stories are looked for in the hand-labelled posts of one day, alone and
among posts of other channels; categories in labelled news articles. The last columns are what a judge that is always
right would make of it who is asked only about messages near the threshold, and the share of pairs he is asked about.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import shared_posts
import yaml

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus, group_documents, prepare
from tg_parser.topics.grouping.known_topics import near_threshold
from tg_parser.topics.model import TopicDocument, TopicOptions, WantedTopic
from tg_parser.topics.verdicts import Membership

ENCODER = SentenceEncoder()
UNLABELLED = "unlabelled"


class Case(NamedTuple):
    """Documents with a label each, and the wanted topics with the label that each is to find."""

    name: str
    documents: Sequence[TopicDocument]
    labels: dict[str, str]
    wanted: dict[str, str | None]
    options: TopicOptions


def case(name: str, labelled: Sequence[tuple[TopicDocument, str]], entries: Sequence[dict[str, Any]]) -> Case:
    asked = tuple(
        WantedTopic(one["title"], one.get("description", ""), tuple(one.get("keywords", ()))) for one in entries
    )
    return Case(
        name,
        [document for document, _ in labelled],
        {document.source_ref: label for document, label in labelled},
        {one["title"]: one.get("gold") for one in entries},
        TopicOptions(wanted=asked),
    )


def cases() -> Iterator[Case]:
    wanted = yaml.safe_load(Path(__file__).with_name("known_topics.yaml").read_text("utf-8"))
    gold = [(one.document, one.story) for one in shared_posts.gold()]
    yield case("stories alone", gold, wanted["stories"])
    for name in ("moskvach", "habr"):
        posts = [post for post in shared_posts.channel(name) if post.text and f"{post.date:%Y-%m-%d}" != "2024-11-27"]
        others = [(post, UNLABELLED) for post in random.Random(1).sample(posts, 400)]
        yield case(f"stories among {name}", [*gold, *others], wanted["stories"])
    for language in ("ru", "en"):
        yield case(f"categories {language}", list(articles(language)), wanted["categories"][language])


def articles(language: str) -> Iterator[tuple[TopicDocument, str]]:
    csv.field_size_limit(10**9)
    path = shared_posts.DATA / f"gold_categories/{language}_cat_training.tsv"
    with path.open(encoding="utf-8") as file:
        for place, row in enumerate(csv.DictReader(file, delimiter="\t")):
            text = f"{row['INPUT:title']}. {row['INPUT:text']}"
            yield shared_posts.document(language, place, "2019-11-08T00:00:00Z", text), row["GOLDEN:res"]


def measure(one: Case) -> None:
    vectors = ENCODER.embed([document.text for document in one.documents])
    asked = ENCODER.embed([wanted.text for wanted in one.options.wanted])
    prepared = prepare(one.documents, vectors, one.options, asked)
    offline = group_documents(prepared, [])
    near = list(near_threshold(prepared.fits, one.options))
    judged = group_documents(prepared, [], {pair: Membership(is_right(one, prepared, *pair), "") for pair in near})
    share = len(near) / (len(one.documents) * len(one.options.wanted))
    print(
        f"{one.name:<24}{len(one.documents):>6}{len(one.wanted):>7}{quality(one, offline)}{quality(one, judged)}"
        f"{share:>8.1%}  without messages: {', '.join(offline.missing) or '-'}"
    )


def is_right(one: Case, prepared: PreparedCorpus, place: int, row: int) -> bool:
    wanted = one.wanted[one.options.wanted[place].title]
    return wanted is not None and one.labels[prepared.corpus.documents[row].source_ref] == wanted


def quality(one: Case, grouping: Grouping) -> str:
    """Precision, recall and F1 over all pairs of message and wanted topic."""
    found = {
        (group.wanted.title, ref)
        for group, refs in zip(grouping.groups, grouping.refs, strict=True)
        if group.wanted
        for ref in refs
    }
    right = {(title, ref) for title, label in one.wanted.items() for ref, own in one.labels.items() if own == label}
    precision, recall = len(found & right) / max(1, len(found)), len(found & right) / len(right)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"{precision:>8.2f}{recall:>8.2f}{f1:>8.2f}"


def main() -> None:
    shared_posts.need_data()
    heads = ("posts", "topics", *("prec", "recall", "F1") * 2, "asked")
    print(f"{'':<24}" + "".join(f"{head:>{width}}" for head, width in zip(heads, (6, 7, *[8] * 7), strict=True)))
    for one in cases():
        measure(one)


if __name__ == "__main__":
    main()
