"""Train the sentiment models that ship with the package, and write the card that says how good they are.

    python scripts/train_sentiment.py DATA_FOLDER

DATA_FOLDER holds `cedr_ru_train_1500.csv` (CEDR) and `vader_tweets_en_b.tsv` (VADER ratings).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split

from tg_parser.nlp.sentiment import BUCKETS, LABELS, features

NEGATIVE, NEUTRAL, POSITIVE = range(3)
WANTED_PRECISION = 0.95
LEAST_CERTAINTY = 0.6
LEAST_SUPPORT = 15
NEVER = 2.0
SEED = 7
SOURCES = {
    "ru": (
        "CEDR (Sboev, Naumov, Rybka: Data-Driven Model for Emotion Detection in Russian Texts, 2021), Apache-2.0;\n"
        "1,500 rows of its training part. Joy is positive; sadness, fear and anger are negative; no emotion is\n"
        "neutral; surprise and mixed rows are left out."
    ),
    "en": (
        "VADER tweet ratings (Hutto, Gilbert: VADER, ICWSM 2014), MIT; 1,000 tweets. A mean rating of 1 and more is\n"
        "positive, of -1 and less negative, within 0.4 of zero neutral; what lies between is left out."
    ),
}
HEAD = """# Sentiment models

Multinomial logistic regression over hashed word stems, stem pairs, character n-grams and emoticons (emoji count as
emoticons; words after a negation are features of their own). Made by `scripts/train_sentiment.py`; the weights in
`<language>.npz` are fitted on all texts.

Trained on tweets, blog sentences and news sentences: short texts of one tone. Irony, quotations and long posts of mixed
tone are beyond it.
"""


def main() -> None:
    """Read the data, train a model a language, write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    default_out = Path(__file__).parents[1] / "tg_parser" / "nlp" / "data" / "sentiment"
    parser.add_argument("--out", type=Path, default=default_out)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    read = {
        "ru": read_cedr(options.data / "cedr_ru_train_1500.csv"),
        "en": read_vader(options.data / "vader_tweets_en_b.tsv"),
    }
    sections = [train(language, texts, labels, options.out) for language, (texts, labels) in read.items()]
    (options.out / "CARD.md").write_text("\n".join([HEAD, *sections]), "utf-8")


def read_cedr(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts and labels; CEDR numbers joy 0, sadness 1, surprise 2, fear 3, anger 4."""
    texts, labels = [], []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            emotions = {int(number) for number in row["labels"].strip("[]").split()}
            polarities = {POSITIVE if emotion == 0 else NEGATIVE for emotion in emotions}
            if 2 not in emotions and len(polarities) <= 1:
                texts.append(row["text"])
                labels.append(polarities.pop() if polarities else NEUTRAL)
    return texts, np.array(labels)


def read_vader(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts and labels; ratings go from -4 to 4."""
    texts, labels = [], []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            rating = float(row["mean_rating"])
            label = POSITIVE if rating >= 1 else NEGATIVE if rating <= -1 else NEUTRAL if abs(rating) <= 0.4 else None
            if label is not None:
                texts.append(row["text"])
                labels.append(label)
    return texts, np.array(labels)


def train(language: str, texts: Sequence[str], labels: np.ndarray, out: Path) -> str:
    """The section of the card. Certainties come from four fifths, the measures from the fifth, the weights from all."""
    rows = matrix([features(text, language) for text in texts])
    known, held = train_test_split(np.arange(len(labels)), test_size=0.2, random_state=SEED, stratify=labels)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    guessed = cross_val_predict(regression(), rows[known], labels[known], cv=folds, method="predict_proba")
    certain = [least_certainty(guessed, labels[known], label) for label in range(3)]
    measured = regression().fit(rows[known], labels[known]).predict_proba(rows[held])
    final = regression().fit(rows, labels)
    np.savez_compressed(
        out / f"{language}.npz",
        weights=final.coef_.T.astype(np.float16),
        intercepts=final.intercept_.astype(np.float32),
        certain=np.array(certain, dtype=np.float32),
    )
    return section(language, certain, measured, labels[held], len(labels))


def regression() -> LogisticRegression:
    """The model before it is fitted."""
    return LogisticRegression(C=3.0, class_weight="balanced", max_iter=3000)


def matrix(found: Sequence[Sequence[int]]) -> csr_matrix:
    """One row a text, scaled as `predict` scales it."""
    values = np.concatenate([np.full(len(row), 1 / np.sqrt(len(row))) for row in found if row])
    columns = np.concatenate([np.array(row, dtype=np.int64) for row in found if row])
    starts = np.concatenate([[0], np.cumsum([len(row) for row in found])])
    return csr_matrix((values, columns, starts), shape=(len(found), BUCKETS))


def least_certainty(probabilities: np.ndarray, labels: np.ndarray, label: int) -> float:
    """The lowest probability from which `label` is right as often as wanted; NEVER where there is none."""
    best = probabilities.argmax(axis=1) == label
    for certainty in np.arange(LEAST_CERTAINTY, 0.95, 0.01):
        said = best & (probabilities[:, label] >= certainty)
        if said.sum() < LEAST_SUPPORT:
            break
        if (labels[said] == label).mean() >= WANTED_PRECISION:
            return round(float(certainty), 2)
    return NEVER


def section(language: str, certain: Sequence[float], probabilities: np.ndarray, labels: np.ndarray, total: int) -> str:
    """What the card says of one language."""
    best = probabilities.argmax(axis=1)
    said = [(best == label) & (probabilities[:, label] >= certain[label]) for label in range(3)]
    sure = np.logical_or.reduce(said)
    right = (best == labels)[sure].mean()
    return "\n".join(
        [
            f"## {language}\n\n{SOURCES[language]}\n",
            f"{total} texts used, {len(labels)} of them held out for this table.\n",
            "| label | said from certainty | said of held-out texts | right | of the label's texts found |",
            "|---|---|---|---|---|",
            *(row(name, certain[label], said[label], labels == label) for label, name in enumerate(LABELS)),
            f"\nIn all: of {sure.mean():.0%} of the texts something is said, {right:.0%} of it right.\n",
        ]
    )


def row(name: str, certainty: float, said: np.ndarray, true: np.ndarray) -> str:
    """One label's line of the card."""
    right = int((said & true).sum())
    precision = f"{right / said.sum():.2f}" if said.any() else "-"
    threshold = "never" if certainty == NEVER else f"{certainty}"
    return f"| {name} | {threshold} | {said.sum()} | {precision} | {right / true.sum():.2f} |"


if __name__ == "__main__":
    main()
