"""How often the tone of a message is heard right, and what hearing it costs.

python benchmarks/bench_sentiment.py

Macro-F1 of the shipped weights on texts they have never seen, of five folds over all texts, and of a model that never
saw the language; then milliseconds a text. Needs the sample data (TG_PARSER_SHARED_DATA) and scikit-learn.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shared_posts
from shared_tones import FOLDS, HELD_OUT, Judged, fit, judged_texts, macro_f1, tone_of
from sklearn.metrics import f1_score

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.sentiment import LABELS, TRAINED, inputs, sentiment, weights

AIM = 0.70
JOINED = 4


class Measured(NamedTuple):
    """F1 over all texts of a set, in the mean and by label."""

    name: str
    count: int
    macro: float
    by_label: dict[str, float]


def main() -> None:
    shared_posts.need_data()
    texts = judged_texts(shared_posts.DATA / "sentiment")
    print(f"{'texts':<34}{'number':>8}{'macro-F1':>10}{'x aim':>8}" + "".join(f"{label:>10}" for label in LABELS))
    for language in TRAINED:
        shipped = weights(language)
        show(held_out(texts, language, shipped))
        show(joined(texts, language, shipped))
        for row in (*five_folds(texts, language), transferred(texts, language)):
            show(row)
    print()
    for language in TRAINED:
        measure_speed([one.text for one in texts if one.language == language], language)


def show(row: Measured) -> None:
    by_label = "".join(f"{row.by_label[label]:>10.2f}" for label in LABELS)
    print(f"{row.name:<34}{row.count:>8}{row.macro:>10.3f}{row.macro / AIM:>8.2f}{by_label}")


def held_out(texts: Sequence[Judged], language: str, trained: np.ndarray) -> Measured:
    """Weights that learned from the other folds, on the one held out."""
    unseen = [one for one in texts if one.language == language and one.fold == HELD_OUT and one.label]
    return measured(f"{language}, held out", [(one.label or "", tone_of(one, trained)[0]) for one in unseen])


def joined(texts: Sequence[Judged], language: str, trained: np.ndarray) -> Measured:
    """Long posts, made of held-out texts of one tone."""
    unseen = [one for one in texts if one.language == language and one.fold == HELD_OUT and one.label]
    chance, encoder, pairs = random.Random(1), SentenceEncoder(), []
    for label in LABELS:
        pool = [one.text for one in unseen if one.label == label]
        for _ in range(60):
            text = " ".join(chance.sample(pool, JOINED))
            odds = inputs(text, language, encoder.embed([text])[0]) @ trained
            pairs.append((label, LABELS[int(odds.argmax())]))
    return measured(f"{language}, {JOINED} held-out texts joined", pairs)


def five_folds(texts: Sequence[Judged], language: str) -> list[Measured]:
    """Every text measured by a model that has not seen it: the clear ones, then all of them."""
    said = [
        (one, tone_of(one, trained)[0])
        for fold in range(FOLDS)
        for trained in [fit([one for one in texts if one.fold != fold], language)]
        for one in texts
        if one.language == language and one.fold == fold
    ]
    clear = measured(f"{language}, five folds", [(one.label, tone) for one, tone in said if one.label])
    if clear.count == len(said):
        return [clear]
    return [clear, measured(f"{language}, five folds, unclear too", [(one.nearest, tone) for one, tone in said])]


def transferred(texts: Sequence[Judged], language: str) -> Measured:
    """A model that learned from the other language alone, and has no word list."""
    trained = fit([one for one in texts if one.language != language], "other")
    own = [one for one in texts if one.language == language and one.label]
    return measured(f"{language}, language never seen", [(one.label or "", tone_of(one, trained)[0]) for one in own])


def measured(name: str, pairs: Sequence[tuple[str, str]]) -> Measured:
    wanted, said = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    each = f1_score(wanted, said, labels=LABELS, average=None, zero_division=0)
    by_label = {label: float(one) for label, one in zip(LABELS, each, strict=True)}
    return Measured(name, len(pairs), macro_f1(wanted, said), by_label)


def measure_speed(texts: Sequence[str], language: str) -> None:
    """CPU milliseconds a text, so that other work on the machine does not count."""
    encoder = SentenceEncoder()
    encoder.embed(texts[:1])
    started = time.process_time()
    vectors = encoder.embed(texts)
    embedded = time.process_time()
    for text, vector in zip(texts, vectors, strict=True):
        sentiment(text, language, vector)
    told = time.process_time()
    each = 1000 / len(texts)
    print(f"{language}: embedding {(embedded - started) * each:.2f} ms, tone {(told - embedded) * each:.2f} ms a text")


if __name__ == "__main__":
    main()
