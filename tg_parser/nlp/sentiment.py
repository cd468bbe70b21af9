"""Sentiment by a small linear model, Russian and English; silent where it is not sure.

The weights lie in `data/sentiment/` with a card that says what they were trained on and how good they are.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from tg_parser.domain.documents import Sentiment, SentimentLabel
from tg_parser.nlp.links import LINK
from tg_parser.nlp.words import LETTER, folded, stem

LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")
BUCKETS = 1 << 15
_LOOKED_AT = 1_500
_NOT_SAID = re.compile(rf"{LINK.pattern}|@\w+", re.IGNORECASE)
_TOKEN = re.compile(
    rf"(?P<word>{LETTER}+(?:[-']{LETTER}+)*)"
    r"|(?P<good>[:;=]-?[)\]D3]+|(?<=\s)\){1,5}(?=\s|$)|(?<=\w)\){2,9}|<3|[😀-😄😆-😍😎😘😚🙂🙃🤗🤩🥰😻👍👏🙏❤💕-💞🤣😂])"
    r"|(?P<bad>[:;=]'?-?[(\[]+|(?<=\w)\({2,9}|[😞-😢😣-😩😪-😭😰😱😤😠😡🤬👎💔🤮🤢🤦😒😓😔😕🙁☹😖])"
    r"|(?P<loud>!+)|(?P<ask>\?+)|(?P<dots>\.{3,}|…)|(?P<stop>[.,;:—])"
)
_NEGATION = frozenset(
    ("не", "ни", "нет", "нельзя", "без", "not", "no", "never", "nobody", "nothing", "nor", "without", "cannot")
)
_NEGATED_WORDS = 3


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights by feature bucket and label; `certain` is the least probability worth saying, by label."""

    weights: np.ndarray[Any, np.dtype[np.float32]]
    intercepts: np.ndarray[Any, np.dtype[np.float32]]
    certain: tuple[float, ...]


def sentiment(text: str, language: str | None) -> Sentiment | None:
    """The tone of `text`; None in other languages and where the model is not sure."""
    model = load_model(language or "")
    if model is None:
        return None
    probabilities = predict(model, features(text, language or ""))
    best = max(range(len(LABELS)), key=lambda i: probabilities[i])
    if probabilities[best] < model.certain[best]:
        return None
    return Sentiment(label=LABELS[best], score=round(probabilities[best], 3))


def features(text: str, language: str) -> list[int]:
    """The buckets of what occurs in `text`, sorted, each once. Words after a negation are features of their own."""
    names: set[str] = set()
    before, negated = "^", 0
    for match in _TOKEN.finditer(folded(_NOT_SAID.sub(" ", text[:_LOOKED_AT]))):
        word = match["word"]
        if word is None:
            before, negated = "^", 0
            names.add(f"={match.lastgroup}")
            continue
        root = stem(word, language)
        names.add(f"{before} {root}")
        names.update([f"not {root}"] if negated else [root, *_pieces(word)])
        negated = _NEGATED_WORDS if word in _NEGATION or word.endswith("n't") else max(negated - 1, 0)
        before = root
    return sorted({zlib.crc32(name.encode("utf-8", "replace")) % BUCKETS for name in names})


def _pieces(word: str) -> Iterator[str]:
    padded = f"<{word[:24]}>"
    return (padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1))


def predict(model: LinearModel, buckets: list[int]) -> list[float]:
    """The probability of each label; a long text is not surer than a short one for its length alone."""
    logits = model.intercepts.astype(np.float64)
    if buckets:
        logits = logits + model.weights[buckets].sum(axis=0, dtype=np.float64) / np.sqrt(len(buckets))
    odds = np.exp(logits - logits.max())
    return [float(odd) for odd in odds / odds.sum()]


@cache
def load_model(language: str) -> LinearModel | None:
    """The shipped model of `language`, read once; None where there is none."""
    path = files("tg_parser.nlp").joinpath("data", "sentiment", f"{language}.npz")
    if not re.fullmatch("[a-z]{2,3}", language) or not path.is_file():
        return None
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        weights = stored["weights"].astype(np.float32)
        return LinearModel(
            weights, stored["intercepts"].astype(np.float32), tuple(float(one) for one in stored["certain"])
        )
