"""How many names the offline tools find, and how many of those are right.

python benchmarks/bench_names.py [--errors]

The texts in labelled/names/ are labelled by hand: the README.md there says how. A name is
right if its kind and its value are; in Russian the value is the nominative, but any form counts in the last columns.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tg_parser.nlp.names import find_names
from tg_parser.nlp.words import stem

LABELLED = Path(__file__).parent / "labelled" / "names"
KINDS = "person", "org", "place"
SETS = [
    ("Russian", "ru", "measured"),
    ("English", "en", "measured"),
    ("Russian, rules developed on it", "ru", "developed on"),
    ("English, rules developed on it", "en", "developed on"),
]


class Verdict(NamedTuple):
    """Whether a name stands in the text, was found, or both: `right` and `same form` are both."""

    kind: str
    outcome: str
    value: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", action="store_true", help="list the names that are missed or wrong")
    options = parser.parse_args()
    head = f"{'texts':<32}{'':>6}{'kind':<8}{'names':>7}{'precision':>11}{'recall':>8}{'F1':>7}"
    print(f"{head}{'precision, any form':>21}{'recall, any form':>18}")
    for title, language, part in SETS:
        rows = [row for row in labelled(language) if row["part"] == part]
        verdicts = [verdict for row in rows for verdict in judged(row, language)]
        for kind in ("all", *KINDS):
            print(f"{title:<32}{len(rows):>6} {table_row(kind, [v for v in verdicts if kind in ('all', v.kind)])}")
        if options.errors:
            wrong = [f"{v.outcome} {v.kind}: {v.value}" for v in verdicts if v.outcome != "right"]
            print("\n".join(["", *wrong, ""]))


def labelled(language: str) -> Iterator[dict[str, Any]]:
    lines = (LABELLED / f"{language}.jsonl").read_text("utf-8").splitlines()
    return (json.loads(line) for line in lines)


def judged(row: dict[str, Any], language: str) -> Iterator[Verdict]:
    """One verdict per label, and one per name that is found without a label; `either_way` names have none."""
    left = {(entity.type, entity.value) for entity in find_names(row["text"], language)}
    for name in row["names"]:
        exact = {(kind, value) for kind, value in left if kind in name["types"] and value in name["values"]}
        roots = {root(value, language) for value in name["values"]}
        alike = {(kind, value) for kind, value in left if kind in name["types"] and root(value, language) in roots}
        outcome = "right" if exact else "another form of" if alike else "missed"
        yield Verdict(name["types"][0], outcome, name["values"][0])
        left -= exact | alike
    free = {root(value, language) for value in row["either_way"]}
    for kind, value in sorted(left):
        if root(value, language) not in free:
            yield Verdict(kind, "wrong", value)


def root(value: str, language: str) -> tuple[str, ...]:
    return tuple(stem(word.lower().replace("ё", "е"), language) for word in value.split())


def table_row(kind: str, verdicts: Iterable[Verdict]) -> str:
    count = Counter(verdict.outcome for verdict in verdicts)
    named = count["right"] + count["another form of"] + count["missed"]
    precision, recall = shares(count["right"], count, named)
    alike = shares(count["right"] + count["another form of"], count, named)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return f"{kind:<8}{named:>6}{precision:>11.2f}{recall:>8.2f}{f1:>7.2f}{alike[0]:>21.2f}{alike[1]:>18.2f}"


def shares(right: int, count: Counter[str], named: int) -> tuple[float, float]:
    found = count["right"] + count["another form of"] + count["wrong"]
    return right / max(found, 1), right / max(named, 1)


if __name__ == "__main__":
    main()
