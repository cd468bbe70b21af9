"""How good search is, on questions with known answers: figures that fall stop the build."""

from __future__ import annotations

import pytest
from retrieval import GoldSet, Remembered, asked, indexed, paragraphs
from sample_data import LENT

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.storage.engine.databases import Databases

CHANNEL = "-1001234567890"
RU, EN = LENT / "retrieval/xquad.ru.json", LENT / "retrieval/xquad.en.json"
EVERY = 20
SETS = {"ru": (RU, RU, 0.90, 0.94), "en": (EN, EN, 0.92, 0.95), "ru asked in en": (RU, EN, 0.60, 0.70)}
"""Texts, questions, and the floors of nDCG and recall of the first ten, for one question in twenty."""


@pytest.fixture(scope="module")
def embedder() -> Remembered:
    return Remembered(SentenceEncoder())


@pytest.mark.parametrize("name", SETS)
async def test_answers_are_found(databases: Databases, embedder: Remembered, name: str) -> None:
    """Paragraphs that answer a question are among the first, in the language of the question and across languages."""
    texts, questions, ndcg, recall = SETS[name]
    gold: GoldSet = paragraphs(name, texts, questions)
    searcher = await indexed(databases, gold, embedder, CHANNEL)
    quality = await asked(searcher, gold.questions[::EVERY], CHANNEL)
    assert quality.ndcg >= ndcg
    assert quality.recall >= recall
