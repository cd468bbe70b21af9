"""Sentiment of a message, offline: a small linear model over its embedding, its emoticons and its words of praise.

The weights and word lists are in `data/sentiment/`, with a card that says how they were made and how good they are.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from tg_parser.domain.documents import Sentiment, SentimentLabel, SentimentScores
from tg_parser.nlp.links import LINK
from tg_parser.nlp.words import LETTER, folded, stem

LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")
FACES = ("good", "bad")
PUNCTUATION = ("loud", "ask", "dots")
DIMENSIONS = 512
WORD_BALANCE = DIMENSIONS + len(FACES) + len(PUNCTUATION)
"""The position in `inputs` that says how far praise outweighs blame."""

TRAINED = ("ru", "en")
"""Languages with data of their own. The model of all others learned from both."""
_ALIKE = frozenset(("ar", "be", "de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "th", "tr", "uk", "zh"))
"""Languages in which the encoder puts a sentence near its translations; others get no sentiment."""

MARGIN = 0.25
"""By how much the likeliest tone must lead to be the label. `benchmarks/bench_sentiment.py` shows what it leaves open:
of texts with a smaller lead, hardly more than half would be labelled rightly."""

_LOOKED_AT = 4_000
_WORDED = re.compile(r"[^\W\d_]")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_NOT_SAID = re.compile(rf"{LINK.pattern}|@\w+", re.IGNORECASE)
_TOKEN = re.compile(
    rf"(?P<word>{LETTER}+(?:[-']{LETTER}+)*)"
    r"|(?P<good>[:;=]-?[)\]D3]+|(?<=\s)\){1,5}(?=\s|$)|(?<=\w)\){2,9}|^\)+$|<3"
    r"|[😀-😄😆-😍😎😘😚🙂🙃🤗🤩🥰😻👍👏🙌🙏🤝💪❤♥💕-💞💯🤣😂🔥🎉🥳🏆👌💋])"
    r"|(?P<bad>[:;=]'?-?[(\[]+|(?<=\w)\({2,9}|^\(+$|[😞-😢😣-😩😪-😭😰😱😤😠😡🤬👎💔🤮🤢🤦😒😓😔😕🙁☹😖💩🤡😨😧])"
    r"|(?P<loud>!+)|(?P<ask>\?+)|(?P<dots>\.{3,}|…)|(?P<stop>[.,;:—])"
)
_NEGATION = frozenset(
    (
        "не", "ни", "нет", "нельзя", "без", "ничего", "никогда", "никак", "никто", "никакой", "никакого", "мало",
        "not", "no", "never", "nobody", "nothing", "nor", "without", "cannot", "hardly", "cant", "dont", "isnt",
    )
)  # fmt: skip
_NEGATED_WORDS = 3
_NOT_BAD = 0.5
"""How much negated blame counts as praise: "not bad" is less than "good"."""

Vector = npt.NDArray[np.float32]


def sentiment(text: str, language: str | None, vector: Vector | None) -> Sentiment | None:
    """The tone of `text`, whose embedding is `vector`; None in languages that the encoder does not know.

    A text without words needs no `vector`: only its emoticons count.
    """
    model = model_of(text, language)
    if model is None:
        return None
    return told(inputs(text, language, vector) @ weights(model))


def told(evidence: npt.NDArray[np.float64]) -> Sentiment:
    """The tone for which there is the most evidence, if it leads by MARGIN; `evidence` is one number per label."""
    odds = np.exp(evidence - evidence.max())
    chances = {label: round(float(chance), 3) for label, chance in zip(LABELS, odds / odds.sum(), strict=True)}
    best, second, _ = sorted(LABELS, key=lambda label: -chances[label])
    return Sentiment(
        label=best if chances[best] - chances[second] >= MARGIN else None,
        score=chances[best],
        scores=SentimentScores(**chances),
    )


def needs_vector(text: str, language: str | None) -> bool:
    """Whether `text` has words, in a language that the encoder knows."""
    return _WORDED.search(text) is not None and model_of(text, language) is not None


def model_of(text: str, language: str | None) -> str | None:
    """The model for `text`; if it is too short to tell its language, its script decides. None if there is no model."""
    if language is None:
        return "ru" if _CYRILLIC.search(text) else "en"
    if language in TRAINED:
        return language
    return "other" if language in _ALIKE else None


def inputs(text: str, language: str | None, vector: Vector | None) -> npt.NDArray[np.float64]:
    """The inputs of the model: the embedding, the marks, and a constant for the usual tone."""
    seen = marks(text, model_of(text, language) or "")
    constant = vector is not None or not any(seen[: len(FACES)])
    meaning = np.zeros(DIMENSIONS) if vector is None else vector
    return np.concatenate([meaning, seen, [float(constant)]]).astype(np.float64)


def marks(text: str, language: str) -> list[float]:
    """Which emoticons and punctuation occur in `text`, and how far praise outweighs blame, from -1 to 1."""
    found, balance, count, negated = set[str | None](), 0.0, 0, 0
    praise, blame = listed("praise", language), listed("blame", language)
    for match in _TOKEN.finditer(folded(_NOT_SAID.sub(" ", text[:_LOOKED_AT]))):
        word = match["word"]
        if word is None:
            found.add(match.lastgroup)
            negated = 0
            continue
        root = stem(word, language)
        if root in praise:
            balance += -1 if negated else 1
        elif root in blame:
            balance += _NOT_BAD if negated else -1
        count += 1
        negated = _NEGATED_WORDS if word in _NEGATION or word.endswith("n't") else max(negated - 1, 0)
    # Half, so that a smile does not outweigh the words beside it; a long text needs more praise than a short one.
    seen = [0.5 * (name in found) for name in (*FACES, *PUNCTUATION)]
    return [*seen, max(-1.0, min(1.0, balance / max(count, 1) ** 0.5))]


@cache
def listed(tone: str, language: str) -> frozenset[str]:
    """Stems of the words of `praise` or `blame` in `language`; empty where there is no list."""
    path = files("tg_parser.nlp").joinpath("data", "sentiment", f"{tone}-{language}.txt")
    return (
        frozenset(stem(word, language) for word in folded(path.read_text("utf-8")).split())
        if path.is_file()
        else frozenset()
    )


@cache
def weights(model: str) -> npt.NDArray[Any]:
    """One row per input, one column per label."""
    path = files("tg_parser.nlp").joinpath("data", "sentiment", "weights.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return np.asarray(stored[model], dtype=np.float64)
