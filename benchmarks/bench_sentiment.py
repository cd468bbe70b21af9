"""How often the tone of a message is heard right, and what hearing it costs.

python benchmarks/bench_sentiment.py

Macro-F1 of the shipped weights on texts they have never seen, of five folds over all texts, and of a model that never
saw the language. Then what a smaller or larger margin would leave without a label, how often texts are heard right by
how certain the model is of them (each text by a model that has not seen it), and milliseconds a text. Needs the sample
data (TG_PARSER_SHARED_DATA) and scikit-learn.
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
from tg_parser.nlp.sentiment import LABELS, MARGIN, TRAINED, inputs, sentiment, told, weights

AIM = 0.70
JOINED = 4
MARGINS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


class Measured(NamedTuple):
    """F1 over all texts of a set, in the mean and by label."""

    name: str
    count: int
    macro: float
    by_label: dict[str, float]


class Heard(NamedTuple):
    """What people heard in a text, what a model hears, and by how much that leads."""

    wanted: str
    label: str
    score: float
    margin: float


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
    for language in TRAINED:
        heard = unseen_tones(texts, language)
        show_margins(language, heard)
        show_reliability(language, heard)
    print()
    for language in TRAINED:
        measure_speed([one.text for one in texts if one.language == language], language)


def show(row: Measured) -> None:
    by_label = "".join(f"{row.by_label[label]:>10.2f}" for label in LABELS)
    print(f"{row.name:<34}{row.count:>8}{row.macro:>10.3f}{row.macro / AIM:>8.2f}{by_label}")


def held_out(texts: Sequence[Judged], language: str, trained: np.ndarray) -> Measured:
    """Weights that learned from the other folds, on the one held out."""
    unseen = [one for one in texts if one.language == language and one.fold == HELD_OUT and one.label]
    return measured(f"{language}, held out", [(one.label or "", tone_of(one, trained)) for one in unseen])


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
        (one, tone_of(one, trained))
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
    return measured(f"{language}, language never seen", [(one.label or "", tone_of(one, trained)) for one in own])


def unseen_tones(texts: Sequence[Judged], language: str) -> list[Heard]:
    """Every text, the unclear ones too, heard by a model that has not seen it."""
    heard = []
    for fold in range(FOLDS):
        trained = fit([one for one in texts if one.fold != fold], language)
        for one in texts:
            if one.language == language and one.fold == fold:
                tone = told(one.seen @ trained).scores
                assert tone is not None
                first, second, _ = sorted(((getattr(tone, label), label) for label in LABELS), reverse=True)
                heard.append(Heard(one.nearest, first[1], first[0], first[0] - second[0]))
    return heard


def show_margins(language: str, heard: Sequence[Heard]) -> None:
    """What each margin decides, and how often what it leaves open would have been right."""
    print(
        f"\n{language + ', least margin':<24}{'share decided':>14}{'macro-F1':>10}{'right':>8}{'right of the rest':>19}"
    )
    for margin in MARGINS:
        decided = [one for one in heard if one.margin >= margin]
        rest = [one for one in heard if one.margin < margin]
        f1 = macro_f1([one.wanted for one in decided], [one.label for one in decided])
        left = f"{share_right(rest):.2f}" if rest else "-"
        used = "  <- used" if margin == MARGIN else ""
        share = len(decided) / len(heard)
        print(f"{margin:<24}{share:>14.3f}{f1:>10.3f}{share_right(decided):>8.3f}{left:>19}{used}")


def show_reliability(language: str, heard: Sequence[Heard]) -> None:
    """How often texts are heard right, by the score; well calibrated is where both agree."""
    print(f"\n{language + ', score':<24}{'texts':>8}{'mean score':>12}{'right':>8}")
    error = 0.0
    for low in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        alike = [one for one in heard if low <= one.score < low + 0.1 or (low == 0.9 and one.score == 1)]
        if alike:
            mean = sum(one.score for one in alike) / len(alike)
            error += abs(mean - share_right(alike)) * len(alike) / len(heard)
            print(f"{f'{low:.1f} to {low + 0.1:.1f}':<24}{len(alike):>8}{mean:>12.3f}{share_right(alike):>8.3f}")
    print(f"expected calibration error {error:.3f}")


def share_right(heard: Sequence[Heard]) -> float:
    return sum(one.label == one.wanted for one in heard) / len(heard)


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
    ended = time.process_time()
    each = 1000 / len(texts)
    print(f"{language}: embedding {(embedded - started) * each:.2f} ms, tone {(ended - embedded) * each:.2f} ms a text")


if __name__ == "__main__":
    main()
