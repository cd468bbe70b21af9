"""Questions with known answers, put into an index and asked: how good search is at finding them."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tg_parser.domain.documents import ProcessedDocument
from tg_parser.domain.refs import document_id, source_ref
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.embeddings import Embedder, Vectors, text_hash
from tg_parser.nlp.indexing import Indexed, entry_of
from tg_parser.nlp.sentences import sentences
from tg_parser.search.query import SearchQuery
from tg_parser.search.searcher import By, Searcher
from tg_parser.search.vectors import Meanings
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.documents import ProcessingStorage, StoredDocument
from tg_parser.storage.stores.search_index import SearchIndex

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
FIRST = 10


@dataclass(frozen=True, slots=True)
class GoldSet:
    """Texts, and questions with the place of the text that answers each; `half` tells tuning from reporting."""

    name: str
    texts: Sequence[str]
    questions: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the questions: nDCG and recall of the first ten."""

    ndcg: float
    recall: float


def xquad(path: Path) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """The paragraphs with their questions: the question, its answer, and where that begins."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    return [
        (
            paragraph["context"],
            [
                (one["question"], one["answers"][0]["text"], one["answers"][0]["answer_start"])
                for one in paragraph["qas"]
            ],
        )
        for article in articles
        for paragraph in article["paragraphs"]
    ]


def paragraphs(name: str, texts: Path, questions: Path) -> GoldSet:
    """Questions of one file to the paragraphs of another, which says the same in another language or in the same."""
    asked = [(one[0], place) for place, (_, some) in enumerate(xquad(questions)) for one in some]
    return GoldSet(name, [context for context, _ in xquad(texts)], asked)


def cut_into_sentences(name: str, path: Path, language: str) -> GoldSet:
    """Questions to the sentence in which the answer stands."""
    texts, asked = list[str](), list[tuple[str, int]]()
    for context, some in xquad(path):
        parts, starts, at = list(sentences(context, language)), list[int](), 0
        for part in parts:
            at = context.index(part, at)
            starts.append(at)
        for question, _, begin in some:
            place = max(number for number, start in enumerate(starts) if start <= begin)
            asked.append((question, len(texts) + place))
        texts += parts
    return GoldSet(name, texts, asked)


def headlines(name: str, path: Path, most: int = 500) -> GoldSet:
    """Headlines to the text of their article, which does not contain them."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["INPUT:title"] and row["INPUT:text"]]
    distinct = list({row["INPUT:text"]: row["INPUT:title"] for row in rows}.items())[:most]
    return GoldSet(name, [text for text, _ in distinct], [(title, place) for place, (_, title) in enumerate(distinct)])


class Remembered:
    """An embedder that computes no vector twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}
        self.model_id, self.dimensions = embedder.model_id, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.embed([text])[0]
        return np.stack([self._known[text] for text in texts])


async def indexed(databases: Databases, gold: GoldSet, embedder: Embedder, channel: str) -> Searcher:
    """Store the texts with entries and vectors, as a run would, and return what searches them."""
    storage, index = ProcessingStorage(databases.processing), SearchIndex(databases.processing)
    await storage.store([_stored(number, text, embedder, channel) for number, text in enumerate(gold.texts)])
    return Searcher(index, Meanings(index, embedder))


def _stored(number: int, text: str, embedder: Embedder, channel: str) -> StoredDocument:
    ref, at = source_ref(channel, "post", number + 1), BEGIN + timedelta(minutes=number)
    document = ProcessedDocument(
        id=document_id(ref),
        source_ref=ref,
        source_message_id=str(number + 1),
        channel_id=channel,
        processed_at=BEGIN,
        text_clean=text,
        metadata={},
    )
    vector = embedder.embed([text])[0].astype("<f4").tobytes()
    kept = TextVector(text_hash(text), embedder.model_id, embedder.dimensions, vector)
    entry = entry_of(Indexed(ref, channel, str(number + 1), "post", at, text))
    return StoredDocument(document, 0, at, "post", str(number + 1), None, kept, entry)


async def asked(searcher: Searcher, questions: Iterable[tuple[str, int]], channel: str, by: By = "both") -> Quality:
    """Ask every question and measure where its answer stands."""
    ndcg, found, count = 0.0, 0, 0
    for question, place in questions:
        hits = (await searcher.find(SearchQuery(tuple(question.split())), FIRST, by=by)).hits
        wanted = source_ref(channel, "post", place + 1)
        ranks = [rank for rank, hit in enumerate(hits) if wanted in (hit.ranked.source_ref, *hit.copies)]
        count += 1
        if ranks:
            found += 1
            ndcg += 1 / math.log2(ranks[0] + 2)
    return Quality(ndcg / max(1, count), found / max(1, count))
