"""Texts whose tone people judged, and the model that is fitted to them: common ground of training and measuring."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from tg_parser.domain.documents import SentimentLabel
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.sentiment import LABELS, TRAINED, WORD_BALANCE, inputs
from tg_parser.nlp.words import words

FOLDS = 5
HELD_OUT = 0
"""The fold that the shipped weights have never seen."""
STRENGTH = 2.0
OTHER_LANGUAGE = 0.2
"""What a text of the other language weighs in the model of one."""
SURPRISE = 2


class Judged(NamedTuple):
    """A text, what the model sees of it, and the tone people heard; None where they were not of one mind."""

    text: str
    language: str
    fold: int
    seen: np.ndarray
    label: SentimentLabel | None
    nearest: SentimentLabel
    """The label, or the one that comes nearest to what people said."""


def judged_texts(folder: Path) -> list[Judged]:
    """All texts of the sample data, embedded."""
    encoder = SentenceEncoder()
    rows = [
        *((text, "ru", label, label) for text, label in _cedr(folder / "cedr_ru_train_1500.csv")),
        *((text, "en", label, nearest) for text, label, nearest in _vader(folder / "vader_tweets_en_b.tsv")),
    ]
    vectors = encoder.embed([row[0] for row in rows])
    return [
        Judged(text, language, fold_of(text), inputs(text, language, vector), label, nearest)
        for (text, language, label, nearest), vector in zip(rows, vectors, strict=True)
    ]


def fold_of(text: str) -> int:
    """A text's fold follows from its words, so that copies of one text never stand on both sides of a split."""
    return zlib.crc32(" ".join(words(text)).encode()) % FOLDS


def _cedr(path: Path) -> Iterator[tuple[str, SentimentLabel]]:
    """CEDR numbers joy 0, sadness 1, surprise 2, fear 3, anger 4; surprise and mixed texts have no one tone."""
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            emotions = {int(number) for number in row["labels"].strip("[]").split()}
            tones: set[SentimentLabel] = {"negative" if emotion else "positive" for emotion in emotions}
            if SURPRISE not in emotions and len(tones) <= 1:
                yield row["text"], tones.pop() if tones else "neutral"


def _vader(path: Path) -> Iterator[tuple[str, SentimentLabel | None, SentimentLabel]]:
    """Ratings go from -4 to 4; between 0.4 and 1 people were not of one mind."""
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            rating = float(row["mean_rating"])
            tone: SentimentLabel = "positive" if rating > 0 else "negative"
            clear = tone if abs(rating) >= 1 else "neutral" if abs(rating) <= 0.4 else None
            yield row["text"], clear, tone if abs(rating) > 0.5 else "neutral"


def fit(texts: Collection[Judged], model: str) -> np.ndarray:
    """The weights of `model` ("ru", "en", "other"): a row an input, a column a label."""
    clear = [one for one in texts if one.label]
    importance = [OTHER_LANGUAGE if model in TRAINED and one.language != model else 1.0 for one in clear]
    regression = LogisticRegression(C=STRENGTH, class_weight="balanced", fit_intercept=False, max_iter=3000)
    seen = np.stack([one.seen for one in clear])
    if model not in TRAINED:
        seen[:, WORD_BALANCE] = 0  # other languages have no word list
    regression.fit(seen, [LABELS.index(one.label) for one in clear if one.label], sample_weight=importance)
    return np.asarray(regression.coef_.T)


def tone_of(one: Judged, weights: np.ndarray) -> SentimentLabel:
    """The likeliest label, however close the others are."""
    return LABELS[int((one.seen @ weights).argmax())]


def macro_f1(wanted: Collection[str], said: Collection[str]) -> float:
    """The mean F1 of the three labels."""
    return float(f1_score(wanted, said, labels=LABELS, average="macro", zero_division=0))
